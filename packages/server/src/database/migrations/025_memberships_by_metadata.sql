-- What 022 replaced.
drop index memberships_metadata_idx;
alter index memberships_metadata_alone_idx rename to memberships_metadata_idx;
