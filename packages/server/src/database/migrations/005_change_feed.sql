-- The order in which readers see events. A sequence is not commit order: a reader that has seen 7 would never see 6, written by a slower
-- transaction. So each event gets a place in the feed after its transaction has committed, by whoever holds the one row of
-- event_feed: places are given in turn, and one that is visible is never followed by the appearance of a smaller one.
-- Of one record, an event is placed after those before it: they had committed before it could be written.

create table event_feed (
  singleton boolean not null default true,
  last_place bigint not null,
  constraint event_feed_pkey primary key (singleton),
  constraint event_feed_singleton_check check (singleton)
);
insert into event_feed (last_place) values (0);

alter table events add column place bigint; -- null: committed, and not placed yet
create unique index events_place_idx on events (environment_id, place) where place is not null;
create index events_unplaced_idx on events (sequence) where place is null;
create index events_organization_idx on events (environment_id, organization_id, place) where place is not null and organization_id is not null;
create index events_actor_idx on events (environment_id, actor_id, place) where place is not null and actor_id is not null;

-- Where the feed of an environment begins: events up to this place were removed when they had been kept long enough.
alter table environments add column purged_place bigint not null default 0;
