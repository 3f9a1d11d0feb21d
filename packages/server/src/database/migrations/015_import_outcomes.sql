-- What became of the rows of imports, apart from the rows: to note it there wrote each row, with its text, a second time.
create table import_outcomes (
  environment_id bigint not null,
  import_id bigint not null,
  line integer not null,
  kind text, -- null: of a row that could not be read
  ref text, -- its name within the file
  outcome text not null,
  record_id bigint,
  record_version bigint, -- after the row
  restore jsonb, -- what the record had before the row, and what the row took from others; null: nothing but the record is to be removed
  field text,
  error_code text,
  message text,
  undo_outcome text, -- null: not undone
  undo_reason text,
  undo_message text,
  constraint import_outcomes_pkey primary key (environment_id, import_id, line),
  constraint import_outcomes_outcome_check check (outcome in ('created', 'updated', 'unchanged', 'conflict', 'invalid')),
  constraint import_outcomes_undo_check check (undo_outcome in ('removed', 'restored', 'left'))
);

insert into import_outcomes
select environment_id, import_id, line, kind, ref, outcome, record_id, record_version, restore, field, error_code, message,
  undo_outcome, undo_reason, undo_message
from import_rows where outcome is not null;

create index import_outcomes_ref_idx on import_outcomes (environment_id, import_id, kind, ref) where ref is not null;
create index import_outcomes_rejected_idx on import_outcomes (environment_id, import_id, line) where outcome in ('conflict', 'invalid');
-- "Which rows are about this record?" IDs of new records ascend in the order of the file, so this grows at its end.
create index import_outcomes_record_idx on import_outcomes (environment_id, import_id, record_id) where outcome in ('created', 'updated');
create index import_outcomes_left_idx on import_outcomes (environment_id, import_id, line) where undo_outcome = 'left';

-- Their indexes go with them. `unreadable` stays: such a row has its outcome from the beginning.
alter table import_rows
  drop column kind, drop column ref, drop column outcome, drop column record_id, drop column record_version, drop column restore,
  drop column field, drop column error_code, drop column message, drop column undo_outcome, drop column undo_reason, drop column undo_message;
