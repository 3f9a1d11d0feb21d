-- Imports: files of rows that a worker puts in, batch by batch. The states are drawn in imports/import.ts.
create table imports (
  environment_id bigint not null,
  id bigint not null,
  state text not null default 'RECEIVING',
  format text not null,
  options jsonb not null,
  client_id bigint, -- whose change the events say it is
  request_id text not null,
  idempotency_key text, -- of an upload that came whole
  header text, -- the first line of a CSV file as it came, for the file of rejected rows
  bytes bigint not null default 0,
  rows_total integer not null default 0,
  rows_done integer not null default 0,
  last_line integer not null default 0, -- rows up to this line are done
  counts jsonb not null default '{}', -- {kind: {created, updated, unchanged, conflicts, invalid}}
  samples jsonb not null default '[]',
  failures integer not null default 0, -- of the next batch, one after another
  error_code text,
  error_message text,
  holder text, -- the worker whose it is until lease_until; while it is received, the server that receives it
  lease_until timestamptz,
  create_time timestamptz not null default now(),
  start_time timestamptz,
  finish_time timestamptz,
  constraint imports_pkey primary key (environment_id, id),
  constraint imports_environment_fkey foreign key (environment_id) references environments (id),
  constraint imports_state_check check (state in ('RECEIVING', 'QUEUED', 'RUNNING', 'DONE', 'FAILED', 'CANCELED')),
  constraint imports_finish_check check ((state in ('DONE', 'FAILED', 'CANCELED')) = (finish_time is not null))
);
create unique index imports_idempotency_key on imports (environment_id, client_id, idempotency_key) where idempotency_key is not null;
create index imports_open_idx on imports (id) where state in ('RECEIVING', 'QUEUED', 'RUNNING');
create index imports_finish_idx on imports (finish_time) where finish_time is not null;

-- The rows of an import, and what became of each: which record it touched and the version after, by which events tell the values before.
create table import_rows (
  environment_id bigint not null,
  import_id bigint not null,
  line integer not null, -- where it begins in the file
  source text not null, -- as it came, without its line break; NUL stands as U+FFFD
  data text, -- the row as JSON; null: `source` is, or it could not be read
  size integer not null, -- bytes that its batch counts for it
  unreadable boolean not null default false, -- why, `message` tells from the beginning
  kind text,
  ref text, -- its name within the file
  outcome text, -- null: not done
  record_id bigint,
  record_version bigint,
  field text,
  error_code text,
  message text,
  constraint import_rows_pkey primary key (environment_id, import_id, line),
  constraint import_rows_import_fkey foreign key (environment_id, import_id) references imports (environment_id, id) on delete cascade,
  constraint import_rows_outcome_check check (outcome in ('created', 'updated', 'unchanged', 'conflict', 'invalid'))
);
create index import_rows_ref_idx on import_rows (environment_id, import_id, kind, ref) where ref is not null;
create index import_rows_rejected_idx on import_rows (environment_id, import_id, line) where outcome in ('conflict', 'invalid');
