-- All invitations of an environment, newest first, of every state or of one: by walking memberships, those few that began with an invitation
-- were far apart. Whether one did never changes, so it is written with the membership.
alter table memberships add column invited boolean not null default false;
update memberships m set invited = true from invitations i where i.environment_id = m.environment_id and i.membership_id = m.id;
create index memberships_invited_idx on memberships (environment_id, id) where invited;
-- The state as it is marked, see invitations/invitation-store.ts; an end that has passed is marked within minutes.
create index memberships_invitation_state_idx on memberships (environment_id, (case
  when status = 'ACTIVE' or join_time is not null then 'ACCEPTED' when status = 'INACTIVE' then 'REVOKED'
  when status = 'INVITE_EXPIRED' then 'EXPIRED' else 'PENDING' end), id) where invited;
