-- Rows of an upload that did not come whole: it may be millions, which are removed some at a time. `last_line` tells how far that is.
alter table imports add column rows_remain boolean not null default false;
create index imports_rows_remain_idx on imports (id) where rows_remain;
