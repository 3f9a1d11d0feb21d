-- The entity tag of a stored answer, which its repetition has too. Null: it has none, or a server of the version before wrote it.
alter table idempotency_keys add column etag text;
