-- What 021 replaced.
drop index users_metadata_idx, users_values_idx;
alter index users_metadata_alone_idx rename to users_metadata_idx;
alter index users_values_alone_idx rename to users_values_idx;
