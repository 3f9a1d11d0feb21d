-- Indexes that an environment asked for, to find its records by comparisons of a key of their metadata. The index itself is made and dropped by
-- the server, outside any migration, as `metadata_index_` with the ID of the row: see metadata-indexes/metadata-index-worker.ts.
create table metadata_indexes (
  environment_id bigint not null,
  id bigint not null,
  version bigint not null default 1,
  kind text not null check (kind in ('organization', 'user')),
  path text[] not null check (cardinality(path) > 0),
  type text not null check (type in ('number', 'text')),
  state text not null default 'BUILDING' check (state in ('BUILDING', 'READY', 'FAILED')),
  error text,
  create_time timestamptz not null default now(),
  update_time timestamptz not null default now(),
  constraint metadata_indexes_pkey primary key (environment_id, id),
  constraint metadata_indexes_path_key unique (environment_id, kind, path, type),
  constraint metadata_indexes_environment_fkey foreign key (environment_id) references environments (id)
);
