-- What the dashboard asks: one search for everything, what is known of the systems that IDs come from, and figures.

-- Search. Texts that begin with another, byte by byte whatever the collation of the database is.
create index organizations_name_idx on organizations (environment_id, lower(display_name) text_pattern_ops);
create index users_email_prefix_idx on users (environment_id, email_key text_pattern_ops);
-- "Which record has this value, under any key?": all texts and numbers within the metadata, at any depth.
create index organizations_values_idx on organizations using gin (environment_id,
  jsonb_path_query_array(metadata, 'strict $.** ? (@.type() == "string" || @.type() == "number")') jsonb_path_ops);
create index users_values_idx on users using gin (environment_id,
  jsonb_path_query_array(metadata, 'strict $.** ? (@.type() == "string" || @.type() == "number")') jsonb_path_ops);

-- "Which records have an ID of this system, and which have none?": by the set of systems that a record has, of which there are few.
create index organizations_systems_idx on organizations (environment_id, jsonb_path_query_array(external_ids, '$.keyvalue().key'));
create index users_systems_idx on users (environment_id, jsonb_path_query_array(external_ids, '$.keyvalue().key'));
create index organizations_unnamed_idx on organizations (environment_id, id) where external_id is null;
create index users_unnamed_idx on users (environment_id, id) where external_id is null;

-- What is known of the systems that external IDs come from; a system needs no row here to have IDs.
create table systems (
  environment_id bigint not null,
  id bigint not null,
  version bigint not null default 1,
  name text collate "C" not null,
  label text,
  url_pattern text, -- has {id} once
  id_pattern text, -- a glob, see contract/system.ts
  create_time timestamptz not null default now(),
  update_time timestamptz not null default now(),
  constraint systems_pkey primary key (environment_id, id),
  constraint systems_name_key unique (environment_id, name),
  constraint systems_environment_fkey foreign key (environment_id) references environments (id)
);

-- Figures. All but those of webhooks are of the end of the feed: they change in the transaction that gives events their places, whose turns
-- follow one another, so nobody who writes a record waits for them.

-- How many records of a kind there are.
create table record_counts (
  environment_id bigint not null,
  kind text not null,
  count bigint not null,
  constraint record_counts_pkey primary key (environment_id, kind),
  constraint record_counts_kind_check check (kind in ('organization', 'user', 'membership', 'pending_invitation'))
) with (fillfactor = 50); -- it changes with every turn

-- How many records of a kind have an ID of a system; the primary external ID is of the system ''.
create table system_counts (
  environment_id bigint not null,
  kind text not null,
  system text collate "C" not null,
  count bigint not null,
  constraint system_counts_pkey primary key (environment_id, kind, system),
  constraint system_counts_kind_check check (kind in ('organization', 'user'))
) with (fillfactor = 50);

-- By how many the records of a kind became more in a day (UTC).
create table growth_days (
  environment_id bigint not null,
  kind text not null,
  day date not null,
  change bigint not null,
  constraint growth_days_pkey primary key (environment_id, kind, day),
  constraint growth_days_kind_check check (kind in ('organization', 'user'))
) with (fillfactor = 70);

-- Events by the hour and type.
create table event_hours (
  environment_id bigint not null,
  hour timestamptz not null,
  type text not null,
  count bigint not null,
  constraint event_hours_pkey primary key (environment_id, hour, type)
) with (fillfactor = 70);

-- Attempts to deliver by the hour they ended in. Whoever writes holds the endpoint's row.
create table webhook_hours (
  environment_id bigint not null,
  endpoint_id bigint not null,
  hour timestamptz not null,
  delivered bigint not null,
  failed bigint not null,
  durations bigint[] not null, -- attempts by the step of the scale that their time is within, see webhooks/stats.ts
  constraint webhook_hours_pkey primary key (environment_id, endpoint_id, hour),
  constraint webhook_hours_endpoint_fkey foreign key (environment_id, endpoint_id)
    references webhook_endpoints (environment_id, id) on delete cascade
) with (fillfactor = 50);

-- Mails that were given up, newest first.
create index messages_failed_idx on messages (environment_id, id) where state = 'FAILED';

-- By how much the changes of some events change the figures. `changed` tells each value before and after: null is absent.
create function crosswalk_record_changes(type text, changed jsonb)
  returns table (kind text, change integer)
  language sql immutable parallel safe
as $$
  select * from (values
    ('organization', case type when 'organization.created' then 1 when 'organization.deleted' then -1 end),
    ('user', case type when 'user.created' then 1 when 'user.deleted' then -1 end),
    ('membership', case type when 'user.organization_membership_created' then 1 when 'user.organization_membership_deleted' then -1 end),
    ('pending_invitation', case when type in ('user.organization_membership_created', 'user.organization_membership_updated',
        'user.organization_membership_deleted') then
      (changed -> 'membership_status' ->> 1 is not distinct from 'PENDING_INVITE')::integer
      - (changed -> 'membership_status' ->> 0 is not distinct from 'PENDING_INVITE')::integer end)) as v (kind, change)
  where v.change <> 0
$$;

create function crosswalk_system_changes(changed jsonb)
  returns table (system text, change integer)
  language sql immutable parallel safe
as $$
  select v.system, v.change from (
    select case key when 'external_id' then '' else substr(key, 14) end as system,
      (value -> 1 <> 'null')::integer - (value -> 0 <> 'null')::integer as change
    from jsonb_each(changed) where key = 'external_id' or starts_with(key, 'external_ids.')) v
  where v.change <> 0
$$;

-- What there is already. The feed is held meanwhile, so that each event is counted once: those without a place come with their turn.
lock table event_feed in exclusive mode;

insert into record_counts (environment_id, kind, count)
select environment_id, kind, sum(n) from (
  select environment_id, 'organization' as kind, count(*) as n from organizations group by environment_id
  union all select environment_id, 'user', count(*) from users group by environment_id
  union all select environment_id, 'membership', count(*) from memberships group by environment_id
  union all select environment_id, 'pending_invitation', count(*) from memberships where status = 'PENDING_INVITE' group by environment_id
  union all select e.environment_id, c.kind, -c.change
    from events e cross join lateral crosswalk_record_changes(e.type, e.changed) c where e.place is null) n
group by environment_id, kind;

insert into system_counts (environment_id, kind, system, count)
select environment_id, kind, system, sum(n) from (
  select environment_id, kind, system, count(*) as n from external_ids where alias_expire_time is null group by environment_id, kind, system
  union all select e.environment_id, e.record_kind, c.system, -c.change
    from events e cross join lateral crosswalk_system_changes(e.changed) c
    where e.place is null and e.record_kind in ('organization', 'user')) n
group by environment_id, kind, system;

-- A record that was made and has no place yet is among those that there are.
insert into growth_days (environment_id, kind, day, change)
select environment_id, kind, (time at time zone 'UTC')::date, sum(n) from (
  select environment_id, 'organization' as kind, create_time as time, 1 as n from organizations
  union all select environment_id, 'user', create_time, 1 from users
  union all select environment_id, record_kind, occurred_time, -1 from events
    where place is null and type in ('organization.created', 'user.created')) made
where time > now() - interval '401 days' group by 1, 2, 3;

insert into event_hours (environment_id, hour, type, count)
select environment_id, date_trunc('hour', occurred_time, 'UTC'), type, count(*) from events
where place is not null and occurred_time > now() - interval '15 days' group by 1, 2, 3;
