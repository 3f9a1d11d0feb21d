-- Roles and permissions. Memberships keep the names of their roles; names never change.

create extension if not exists btree_gist;

create table roles (
  environment_id bigint not null,
  id bigint not null,
  version bigint not null default 1,
  organization_id bigint, -- null: a role of the environment
  scope_id bigint not null generated always as (coalesce(organization_id, 0)) stored, -- for look-ups: null matches nothing in an index
  name text collate "C" not null,
  display_name text not null,
  description text not null default '',
  base_role_id bigint,
  create_time timestamptz not null default now(),
  update_time timestamptz not null default now(),
  constraint roles_pkey primary key (environment_id, id),
  constraint roles_name_key unique (environment_id, scope_id, name),
  -- A range without bounds overlaps every organization: a role of the environment and one of an organization never share a name.
  constraint roles_name_excl exclude using gist (
    environment_id with =, name with =, int8range(organization_id, organization_id, '[]') with &&),
  constraint roles_environment_fkey foreign key (environment_id) references environments (id),
  constraint roles_organization_fkey foreign key (environment_id, organization_id) references organizations (environment_id, id),
  constraint roles_base_fkey foreign key (environment_id, base_role_id) references roles (environment_id, id)
);
create index roles_organization_idx on roles (environment_id, organization_id) where organization_id is not null;
create index roles_base_idx on roles (environment_id, base_role_id) where base_role_id is not null;

create table permissions (
  environment_id bigint not null,
  id bigint not null,
  version bigint not null default 1,
  name text collate "C" not null,
  description text not null default '',
  create_time timestamptz not null default now(),
  update_time timestamptz not null default now(),
  constraint permissions_pkey primary key (environment_id, id),
  constraint permissions_name_key unique (environment_id, name),
  constraint permissions_environment_fkey foreign key (environment_id) references environments (id)
);

create table role_permissions (
  environment_id bigint not null,
  role_id bigint not null,
  permission_id bigint not null,
  constraint role_permissions_pkey primary key (environment_id, role_id, permission_id),
  constraint role_permissions_role_fkey foreign key (environment_id, role_id) references roles (environment_id, id) on delete cascade,
  constraint role_permissions_permission_fkey foreign key (environment_id, permission_id) references permissions (environment_id, id)
);
create index role_permissions_permission_idx on role_permissions (environment_id, permission_id, role_id);

-- Every environment has two default roles from its beginning; their IDs follow its own. See environments/environment-store.ts.
alter table environments add default_creator_role_id bigint, add default_member_role_id bigint;
insert into roles (environment_id, id, name, display_name)
  select e.id, e.id + r.place, r.name, r.display_name
  from environments e cross join (values (1, 'admin', 'Admin'), (2, 'member', 'Member')) as r (place, name, display_name);
update environments set default_creator_role_id = id + 1, default_member_role_id = id + 2;
alter table environments
  alter default_creator_role_id set not null,
  alter default_member_role_id set not null,
  add constraint environments_default_creator_fkey foreign key (id, default_creator_role_id) references roles (environment_id, id),
  add constraint environments_default_member_fkey foreign key (id, default_member_role_id) references roles (environment_id, id);

-- Memberships could have roles of any name until now: each name becomes a role.
insert into roles (environment_id, id, name, display_name)
  select environment_id, environment_id + 2 + row_number() over (partition by environment_id order by name), name, name
  from (select distinct environment_id, unnest(roles) as name from memberships) as used
  where name not in ('admin', 'member');

-- The default of an organization; null: that of the environment.
alter table organizations
  add default_member_role_id bigint,
  add constraint organizations_default_member_fkey foreign key (environment_id, default_member_role_id) references roles (environment_id, id);
create index organizations_default_member_idx on organizations (environment_id, default_member_role_id)
  where default_member_role_id is not null;

-- "Who has this role?"
create index memberships_roles_idx on memberships using gin (environment_id, roles);
