-- With the environment as a column of its own, each search intersected the entries of the value with those of the whole environment, which took
-- 3.4 of 3.6 ms for 50 of a million records. The environment is checked on the record, or met with another index where it is small:
-- see docs/decisions/0028.
--
-- One table at a time, and what is replaced is dropped by migrations of their own (023 to 025): whoever changes several tables meanwhile, or locks a record
-- before he changes it, would wait for a lock here while we wait for his.

create index organizations_metadata_alone_idx on organizations using gin (metadata jsonb_path_ops);
create index organizations_values_alone_idx on organizations using gin
  (jsonb_path_query_array(metadata, 'strict $.** ? (@.type() == "string" || @.type() == "number")') jsonb_path_ops);
-- An index of an expression has no statistics of its own yet.
analyze organizations;
