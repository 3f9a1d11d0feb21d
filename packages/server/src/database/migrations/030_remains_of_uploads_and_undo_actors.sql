-- Rows of an upload that did not come whole: it may be millions, which are removed some at a time. `last_line` tells how far that is.
-- An operator may undo an import too: undo_client_id is the ID of whoever did, of this kind. Null: a server of the version before did not say.
alter table imports add column rows_remain boolean not null default false, add column undo_actor_type text;
create index imports_rows_remain_idx on imports (id) where rows_remain;
