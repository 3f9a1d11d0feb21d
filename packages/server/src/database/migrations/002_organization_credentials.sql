-- Credentials that an organization has for the services of the environment's owner: clients and API tokens.
-- They end with their organization, and a user's tokens with the membership: without events of their own, as the
-- deletion they follow from has one.

create table organization_clients (
  environment_id bigint not null,
  id bigint not null,
  version bigint not null default 1,
  organization_id bigint not null,
  name text,
  description text,
  scopes text[] not null,
  audience text[] not null,
  custom_claims jsonb not null, -- [{key, value}], in the order they were given
  expiry integer not null, -- how long each token is valid, in seconds
  create_time timestamptz not null default now(),
  update_time timestamptz not null default now(),
  last_used_time timestamptz,
  constraint organization_clients_pkey primary key (environment_id, id),
  constraint organization_clients_id_key unique (id), -- a request for a token names no environment
  constraint organization_clients_organization_fkey foreign key (environment_id, organization_id)
    references organizations (environment_id, id) on delete cascade
);
create index organization_clients_organization_idx on organization_clients (environment_id, organization_id, id);

-- As client_secrets: the same statements write both.
create table organization_client_secrets (
  environment_id bigint not null,
  id bigint not null,
  client_id bigint not null,
  secret_hash bytea not null, -- SHA-256 of 256 random bits: no salt or stretching needed
  hint text not null,
  create_time timestamptz not null default now(),
  last_used_time timestamptz,
  constraint organization_client_secrets_pkey primary key (environment_id, id),
  constraint organization_client_secrets_client_fkey foreign key (environment_id, client_id)
    references organization_clients (environment_id, id) on delete cascade
);
create index organization_client_secrets_client_idx on organization_client_secrets (environment_id, client_id);

create table api_tokens (
  environment_id bigint not null,
  id bigint not null,
  version bigint not null default 1,
  organization_id bigint not null,
  user_id bigint, -- null: the token is of the organization itself
  token_hash bytea not null, -- SHA-256 of 256 random bits: no salt or stretching needed
  token_suffix text not null,
  description text,
  custom_claims jsonb not null,
  expire_time timestamptz,
  create_time timestamptz not null default now(),
  last_used_time timestamptz,
  constraint api_tokens_pkey primary key (environment_id, id),
  constraint api_tokens_hash_key unique (environment_id, token_hash),
  constraint api_tokens_organization_fkey foreign key (environment_id, organization_id)
    references organizations (environment_id, id) on delete cascade,
  constraint api_tokens_membership_fkey foreign key (environment_id, organization_id, user_id)
    references memberships (environment_id, organization_id, user_id) on delete cascade
);
create index api_tokens_organization_idx on api_tokens (environment_id, organization_id, id);
create index api_tokens_membership_idx on api_tokens (environment_id, organization_id, user_id, id);
create index api_tokens_expiry_idx on api_tokens (expire_time) where expire_time is not null;
