-- As for organizations, see 020.
create index users_metadata_alone_idx on users using gin (metadata jsonb_path_ops);
create index users_values_alone_idx on users using gin
  (jsonb_path_query_array(metadata, 'strict $.** ? (@.type() == "string" || @.type() == "number")') jsonb_path_ops);
analyze users;
