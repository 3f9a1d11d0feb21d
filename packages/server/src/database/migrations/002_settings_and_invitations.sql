-- Settings of organizations, and the end of an invitation as a part of its membership's state.

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

-- Whether an invitation is still open decides who takes a place of the user limit, so it is read and written with
-- the membership. The table of invitations keeps what is of the sending alone.
alter table memberships add column invite_expire_time timestamptz;
update memberships m set invite_expire_time = i.expire_time from invitations i
  where i.environment_id = m.environment_id and i.membership_id = m.id and m.join_time is null;
alter table memberships add constraint memberships_invite_expire_time_check
  check (status not in ('PENDING_INVITE', 'INVITE_EXPIRED') or invite_expire_time is not null);
create index memberships_invite_expiry_idx on memberships (invite_expire_time) where status = 'PENDING_INVITE';
alter table invitations drop column expire_time;
