-- Mail, and what invitations need of it: how long they are open, what their mail says and which link opens them.

-- What is not set is null: the default of the server. No row: nothing was ever set.
create table invitation_settings (
  environment_id bigint not null,
  version bigint not null default 1,
  application_url text,
  invitation_days integer,
  sender_name text,
  locale text,
  templates jsonb not null default '{}', -- {locale: {subject, text, html}}
  update_time timestamptz,
  constraint invitation_settings_pkey primary key (environment_id),
  constraint invitation_settings_environment_fkey foreign key (environment_id) references environments (id),
  constraint invitation_settings_days_check check (invitation_days between 1 and 365)
);

-- How long this one is open each time it is given a new end; null: as the environment says.
alter table invitations add column days integer;
alter table invitations add constraint invitations_days_check check (days between 1 and 365);

-- Messages that events ask for, one for each. They outlive what they are about, so that nobody who writes waits for whoever deletes that:
-- no foreign keys. A message is due at due_time; whoever claims it moves that to the end of its lease, see mail/mail.ts.
create table messages (
  environment_id bigint not null,
  id bigint not null,
  event_sequence bigint not null,
  organization_id bigint not null,
  user_id bigint not null,
  membership_id bigint not null,
  to_address text not null, -- as it was when the message was asked for
  token_hash bytea not null, -- SHA-256 of the 256 bits in its link
  state text not null default 'QUEUED',
  attempts integer not null default 0,
  due_time timestamptz default now(), -- null: nothing more is tried
  last_error text,
  locale text,
  subject text,
  body_text text, -- of a message that is kept, because there is nobody to send it by; it has the link
  body_html text,
  sent_time timestamptz,
  create_time timestamptz not null default now(),
  constraint messages_pkey primary key (environment_id, id),
  constraint messages_event_key unique (environment_id, event_sequence),
  constraint messages_token_key unique (token_hash),
  constraint messages_state_check check (state in ('QUEUED', 'SENT', 'FAILED', 'KEPT', 'DROPPED')),
  constraint messages_due_check check ((state = 'QUEUED') = (due_time is not null))
);
create index messages_due_idx on messages (due_time) where state = 'QUEUED';
-- "Is there a later one?", which ends the link of an earlier one. By the event: its sequence is the database's, an ID is of a server's clock.
create index messages_membership_idx on messages (environment_id, membership_id, event_sequence);
create index messages_user_idx on messages (environment_id, user_id, id);
create index messages_organization_idx on messages (environment_id, organization_id, id);
create index messages_age_idx on messages (create_time);
