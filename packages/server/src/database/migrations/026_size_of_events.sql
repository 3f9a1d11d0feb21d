-- What an event takes as text, so that a page of large ones ends early. Null: written by a server of the version before.
alter table events add column bytes integer;
