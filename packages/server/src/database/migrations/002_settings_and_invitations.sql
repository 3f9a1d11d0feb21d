-- Settings of organizations.

-- What is not set is null, which is not the same as false or 0. Timeouts are in minutes.
alter table organizations
  add column sso_enabled boolean not null default false,
  add column dir_sync_enabled boolean not null default false,
  add column max_allowed_users integer, -- 0: no limit
  add column session_policy_source text not null default 'APPLICATION',
  add column absolute_session_timeout integer,
  add column idle_session_timeout_enabled boolean,
  add column idle_session_timeout integer,
  add constraint organizations_max_allowed_users_check check (max_allowed_users >= 0),
  add constraint organizations_session_policy_source_check check (session_policy_source in ('APPLICATION', 'CUSTOM')),
  add constraint organizations_session_timeouts_check check (absolute_session_timeout >= 0 and idle_session_timeout >= 0);
