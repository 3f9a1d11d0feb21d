-- What 020 replaced.
drop index organizations_metadata_idx, organizations_values_idx;
alter index organizations_metadata_alone_idx rename to organizations_metadata_idx;
alter index organizations_values_alone_idx rename to organizations_values_idx;
