-- A row of an import is written under the lock of its import and outlives it never: imports are removed when they have no rows any more. The
-- foreign key asked that again for each row, when it was staged and when it was done.
alter table import_rows drop constraint import_rows_import_fkey;
