-- Memberships of a status that few have were found by walking the primary key: two seconds of a million. By this one a page is read in its order,
-- and counted without the rows. A status in one organization needs no index of its own: either it is rare, or the walk soon finds a page.
create index memberships_status_idx on memberships (environment_id, status, id);
