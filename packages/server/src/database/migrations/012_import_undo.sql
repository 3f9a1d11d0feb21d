-- Undo of imports. The states are drawn in imports/import.ts. An import that is being undone has ended: holder and lease_until are then the undo's.
alter table imports
  add undo_state text, -- null: nobody has asked for it
  add undo_client_id bigint, -- whose change the events say it is
  add undo_request_id text,
  add undo_kind text, -- the kind of records that is being undone
  add undo_line integer, -- rows of that kind from this line on are done
  add undo_rows_done integer not null default 0,
  add undo_counts jsonb not null default '{}', -- {kind: {removed, restored, left}}
  add undo_failures integer not null default 0, -- of the next batch, one after another
  add undo_error_code text,
  add undo_error_message text,
  add undo_create_time timestamptz,
  add undo_finish_time timestamptz,
  add constraint imports_undo_state_check check (undo_state in ('QUEUED', 'RUNNING', 'DONE', 'FAILED', 'CANCELED')),
  add constraint imports_undo_finish_check check (coalesce(undo_state in ('DONE', 'FAILED', 'CANCELED'), false) = (undo_finish_time is not null)),
  add constraint imports_undo_ended_check check (undo_state is null or finish_time is not null);
create index imports_open_undo_idx on imports (id) where undo_state in ('QUEUED', 'RUNNING');

alter table import_rows
  add restore jsonb, -- what the record had before the row, and what the row took from others; null: nothing but the record is to be removed
  add undo_outcome text, -- null: not undone
  add undo_reason text,
  add undo_message text,
  add constraint import_rows_undo_check check (undo_outcome in ('removed', 'restored', 'left'));
-- "Which rows are about this record?" IDs of new records ascend in the order of the file, so this grows at its end.
create index import_rows_record_idx on import_rows (environment_id, import_id, record_id) where outcome in ('created', 'updated');
create index import_rows_left_idx on import_rows (environment_id, import_id, line) where undo_outcome = 'left';
