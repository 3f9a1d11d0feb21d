-- The environment of a record is that of the credentials it was written with, and environments are not removed. The foreign keys asked that again
-- for each record, and had all writers lock the one row of their environment.
alter table organizations drop constraint organizations_environment_fkey;
alter table users drop constraint users_environment_fkey;
