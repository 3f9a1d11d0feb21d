-- As for organizations, see 020.
create index memberships_metadata_alone_idx on memberships using gin (metadata jsonb_path_ops);
