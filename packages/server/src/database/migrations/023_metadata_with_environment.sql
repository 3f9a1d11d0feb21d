-- What 020 to 022 replaced. It takes a moment, and is tried again when somebody's locks are in its way.
drop index organizations_metadata_idx, organizations_values_idx;
drop index users_metadata_idx, users_values_idx;
drop index memberships_metadata_idx;
alter index organizations_metadata_alone_idx rename to organizations_metadata_idx;
alter index organizations_values_alone_idx rename to organizations_values_idx;
alter index users_metadata_alone_idx rename to users_metadata_idx;
alter index users_values_alone_idx rename to users_values_idx;
alter index memberships_metadata_alone_idx rename to memberships_metadata_idx;
