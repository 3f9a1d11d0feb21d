-- The ID that a re-key replaced by this one, so that a list that is sent again is known to be done: in a swap or a chain nothing else tells.
alter table external_ids add column rekeyed_from text collate "C";
