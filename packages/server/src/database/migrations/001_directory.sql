-- The directory: environments, clients, organizations, users, memberships, external IDs, events.
-- Every key of a record begins with environment_id. IDs are 63-bit integers, time-ordered, made by the server.

create extension if not exists pg_trgm;
create extension if not exists btree_gin;

-- RFC 7396 in the database, so that two patches of one record never lose each other's keys.
-- "Not an object" replaces; a null member removes; objects merge level by level.
create function crosswalk_merge_patch(target jsonb, patch jsonb) returns jsonb
  language plpgsql immutable parallel safe
as $$
declare
  result jsonb;
  member record;
begin
  if jsonb_typeof(patch) is distinct from 'object' then
    return patch;
  end if;
  result := case when jsonb_typeof(target) = 'object' then target else '{}'::jsonb end;
  for member in select key, value from jsonb_each(patch) loop
    if jsonb_typeof(member.value) = 'null' then
      result := result - member.key;
    elsif jsonb_typeof(member.value) = 'object' then
      result := result || jsonb_build_object(member.key, crosswalk_merge_patch(result -> member.key, member.value));
    else
      result := result || jsonb_build_object(member.key, member.value);
    end if;
  end loop;
  return result;
end
$$;

-- Each server process takes a number at start: part of every ID it makes (lib/id.ts).
create sequence process_number;

create table environments (
  id bigint not null,
  name text not null,
  create_time timestamptz not null default now(),
  constraint environments_pkey primary key (id),
  constraint environments_name_key unique (name)
);

-- Keys that sign access tokens. The private part is encrypted with CROSSWALK_SECRET_KEY.
create table signing_keys (
  kid text not null,
  public_jwk jsonb not null,
  private_key_encrypted bytea not null,
  create_time timestamptz not null default now(),
  constraint signing_keys_pkey primary key (kid)
);

create table clients (
  environment_id bigint not null,
  id bigint not null,
  name text not null,
  scopes text[] not null,
  create_time timestamptz not null default now(),
  last_used_time timestamptz,
  constraint clients_pkey primary key (environment_id, id),
  constraint clients_id_key unique (id),
  constraint clients_environment_fkey foreign key (environment_id) references environments (id)
);

create table client_secrets (
  environment_id bigint not null,
  id bigint not null,
  client_id bigint not null,
  secret_hash bytea not null, -- SHA-256 of 256 random bits: no salt or stretching needed
  hint text not null,
  create_time timestamptz not null default now(),
  last_used_time timestamptz,
  constraint client_secrets_pkey primary key (environment_id, id),
  constraint client_secrets_client_fkey foreign key (environment_id, client_id)
    references clients (environment_id, id) on delete cascade
);
create index client_secrets_client_idx on client_secrets (environment_id, client_id);

create table organizations (
  environment_id bigint not null,
  id bigint not null,
  version bigint not null default 1,
  display_name text not null,
  external_id text,
  external_ids jsonb not null default '{}',
  metadata jsonb not null default '{}',
  region_code text,
  slug text,
  logo_url text,
  create_time timestamptz not null default now(),
  update_time timestamptz not null default now(),
  search_text text not null generated always as (
    lower(display_name) || E'\n' || coalesce(lower(external_id), '') || E'\n'
    || lower(jsonb_path_query_array(external_ids, '$.*')::text) || E'\norg_' || id
  ) stored,
  constraint organizations_pkey primary key (environment_id, id),
  constraint organizations_slug_key unique (environment_id, slug),
  constraint organizations_environment_fkey foreign key (environment_id) references environments (id)
);
create index organizations_metadata_idx on organizations using gin (environment_id, metadata jsonb_path_ops);
create index organizations_search_idx on organizations using gin (environment_id, search_text gin_trgm_ops);

create table users (
  environment_id bigint not null,
  id bigint not null,
  version bigint not null default 1,
  email text not null,
  email_key text not null, -- the address in its one normal form, see users/email.ts
  external_id text,
  external_ids jsonb not null default '{}',
  metadata jsonb not null default '{}',
  profile jsonb not null default '{}',
  create_time timestamptz not null default now(),
  update_time timestamptz not null default now(),
  search_text text not null generated always as (
    lower(email) || E'\n' || coalesce(lower(external_id), '') || E'\n'
    || lower(jsonb_path_query_array(external_ids, '$.*')::text) || E'\n'
    || lower(coalesce(profile ->> 'name', '')) || E'\n'
    || lower(coalesce(profile ->> 'given_name', '')) || ' ' || lower(coalesce(profile ->> 'family_name', ''))
    || E'\nusr_' || id
  ) stored,
  constraint users_pkey primary key (environment_id, id),
  constraint users_email_key unique (environment_id, email_key),
  constraint users_environment_fkey foreign key (environment_id) references environments (id)
);
create index users_metadata_idx on users using gin (environment_id, metadata jsonb_path_ops);
create index users_search_idx on users using gin (environment_id, search_text gin_trgm_ops);

create table memberships (
  environment_id bigint not null,
  id bigint not null,
  version bigint not null default 1,
  organization_id bigint not null,
  user_id bigint not null,
  status text not null,
  roles text[] not null default '{}',
  metadata jsonb not null default '{}',
  inviter_email text,
  join_time timestamptz,
  create_time timestamptz not null default now(),
  update_time timestamptz not null default now(),
  constraint memberships_pkey primary key (environment_id, id),
  constraint memberships_organization_user_key unique (environment_id, organization_id, user_id),
  constraint memberships_organization_fkey foreign key (environment_id, organization_id)
    references organizations (environment_id, id),
  constraint memberships_user_fkey foreign key (environment_id, user_id) references users (environment_id, id),
  constraint memberships_status_check check (status in ('ACTIVE', 'INACTIVE', 'PENDING_INVITE', 'INVITE_EXPIRED'))
);
create index memberships_user_idx on memberships (environment_id, user_id, id);
create index memberships_organization_idx on memberships (environment_id, organization_id, id);
create index memberships_metadata_idx on memberships using gin (environment_id, metadata jsonb_path_ops);

-- One row for each membership that was ever invited; its state is the membership's status.
create table invitations (
  environment_id bigint not null,
  membership_id bigint not null,
  create_time timestamptz not null default now(),
  expire_time timestamptz not null,
  resent_time timestamptz,
  resent_count integer not null default 0,
  constraint invitations_pkey primary key (environment_id, membership_id),
  constraint invitations_membership_fkey foreign key (environment_id, membership_id)
    references memberships (environment_id, id) on delete cascade
);

-- Who has which external ID, and who used to: the one place where uniqueness is decided.
-- The system of the primary external ID is ''. A row with alias_expire_time is an alias: any claim takes it over.
-- The records repeat their current IDs so that reading one needs no join.
create table external_ids (
  environment_id bigint not null,
  kind text not null,
  system text collate "C" not null,
  value text collate "C" not null,
  record_id bigint not null,
  alias_expire_time timestamptz,
  constraint external_ids_pkey primary key (environment_id, kind, system, value),
  constraint external_ids_kind_check check (kind in ('organization', 'user'))
);
-- "Has any system this ID?", for POST /api/v1/resolve.
create index external_ids_value_idx on external_ids (environment_id, value);
create index external_ids_record_idx on external_ids (environment_id, record_id);
create index external_ids_expiry_idx on external_ids (alias_expire_time) where alias_expire_time is not null;

-- The immutable record of every change, written in the change's own transaction.
-- A sequence is not commit order: transaction_id lets a reader hold back what may still be overtaken.
create table events (
  environment_id bigint not null,
  sequence bigint generated always as identity,
  id bigint not null,
  transaction_id xid8 not null default pg_current_xact_id(),
  type text not null,
  organization_id bigint,
  record_kind text not null,
  record_id bigint not null,
  record_version bigint not null,
  external_id text,
  external_ids jsonb not null,
  changed jsonb not null, -- {path: [old, new]}
  data jsonb not null, -- the record after the change; before it, for a deletion
  actor_type text not null,
  actor_id bigint,
  request_id text not null,
  occurred_time timestamptz not null default now(),
  constraint events_pkey primary key (environment_id, sequence),
  constraint events_record_version_key unique (environment_id, record_id, record_version, type)
);

-- Answers to requests with an Idempotency-Key, kept 24 hours with their effect.
create table idempotency_keys (
  environment_id bigint not null,
  client_id bigint not null,
  key text not null,
  request_hash bytea not null,
  status integer,
  body text,
  create_time timestamptz not null default now(),
  constraint idempotency_keys_pkey primary key (environment_id, client_id, key)
);
create index idempotency_keys_expiry_idx on idempotency_keys (create_time);
