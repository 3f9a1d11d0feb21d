-- Those who work with the dashboard. An operator is of the whole installation and has a role in each environment they may see.

create table operators (
  id bigint not null,
  version bigint not null default 1,
  email text not null,
  email_key text not null, -- the one normal form of the address
  name text,
  password_hash text not null, -- scrypt with its parameters and salt, see operators/password.ts
  password_change_time timestamptz not null default now(),
  create_time timestamptz not null default now(),
  update_time timestamptz not null default now(),
  last_sign_in_time timestamptz,
  constraint operators_pkey primary key (id),
  constraint operators_email_key unique (email_key)
);

create table operator_roles (
  environment_id bigint not null,
  operator_id bigint not null,
  role text not null,
  constraint operator_roles_pkey primary key (environment_id, operator_id),
  constraint operator_roles_environment_fkey foreign key (environment_id) references environments (id),
  constraint operator_roles_operator_fkey foreign key (operator_id) references operators (id) on delete cascade,
  constraint operator_roles_role_check check (role in ('viewer', 'editor', 'admin'))
);
create index operator_roles_operator_idx on operator_roles (operator_id, environment_id);

create table operator_sessions (
  token_hash bytea not null, -- SHA-256 of 256 random bits: no salt or stretching needed
  operator_id bigint not null,
  create_time timestamptz not null default now(),
  last_used_time timestamptz not null default now(), -- accurate to a few minutes
  constraint operator_sessions_pkey primary key (token_hash),
  constraint operator_sessions_operator_fkey foreign key (operator_id) references operators (id) on delete cascade
);
create index operator_sessions_operator_idx on operator_sessions (operator_id);

-- The one row is locked by whoever makes the first operator, so that there is one first. The token is that of the link that the last
-- start printed.
create table operator_setup (
  singleton boolean not null default true,
  token_hash bytea, -- null: there is no link
  expire_time timestamptz,
  constraint operator_setup_pkey primary key (singleton),
  constraint operator_setup_singleton_check check (singleton)
);
insert into operator_setup default values;

-- Changes of clients and environments are events now, which tell the version.
alter table clients add column version bigint not null default 1;
alter table environments add column version bigint not null default 1, add column update_time timestamptz not null default now();

-- An operator may start an import too: client_id is the ID of whoever did, of this kind.
alter table imports add column actor_type text not null default 'client';
