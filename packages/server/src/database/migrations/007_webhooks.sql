-- Where events are sent, and the sending of each.

create table webhook_endpoints (
  environment_id bigint not null,
  id bigint not null,
  version bigint not null default 1,
  url text not null,
  description text not null,
  event_types text[] not null, -- names, or what stands before the dot; empty: every event
  disabled_reason text, -- null: enabled
  failing_since timestamptz, -- the first failure that no success has followed
  secret_sealed bytea not null, -- encrypted with CROSSWALK_SECRET_KEY
  previous_secret_sealed bytea, -- signs too until it expires
  previous_secret_expire_time timestamptz,
  delete_time timestamptz, -- deleted: its deliveries are removed in batches, and then it
  create_time timestamptz not null default now(),
  update_time timestamptz not null default now(),
  constraint webhook_endpoints_pkey primary key (environment_id, id),
  constraint webhook_endpoints_environment_fkey foreign key (environment_id) references environments (id),
  constraint webhook_endpoints_disabled_reason_check check (disabled_reason in ('REQUESTED', 'GONE', 'FAILING'))
);

-- One row for each event that goes to an endpoint, written in the transaction that gives the event its place.
--
-- Those of one endpoint and one record are a lane: they are sent in the order of their places, and the first that has not ended is the
-- only one with a due_time. Whoever adds to a lane or ends a delivery holds the endpoint's row, so that no lane is left without one.
create table webhook_deliveries (
  environment_id bigint not null,
  endpoint_id bigint not null,
  event_id bigint not null,
  event_sequence bigint not null,
  event_type text not null,
  record_kind text not null,
  record_id bigint not null,
  place bigint not null,
  status text not null default 'PENDING',
  due_time timestamptz, -- when it is sent next; while it is being sent, when its sender is given up; null: it has ended, or waits in its lane
  attempts integer not null default 0,
  log jsonb not null default '[]', -- the last attempts, newest first
  create_time timestamptz not null default now(),
  expire_time timestamptz not null, -- no attempt is scheduled after this
  constraint webhook_deliveries_pkey primary key (environment_id, endpoint_id, event_id),
  constraint webhook_deliveries_status_check check (status in ('PENDING', 'DELIVERED', 'FAILED'))
) with (
  -- A queue: its rows change several times within seconds, and what they leave behind is in the way of the next look.
  autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_cost_delay = 0, fillfactor = 70
);
create index webhook_deliveries_due_idx on webhook_deliveries (environment_id, endpoint_id, due_time) where due_time is not null;
create index webhook_deliveries_lane_idx on webhook_deliveries (environment_id, endpoint_id, record_id, place) where status = 'PENDING';
create index webhook_deliveries_failed_idx on webhook_deliveries (environment_id, endpoint_id, event_id) where status = 'FAILED';

-- Finds the events of a span of time for a replay. Times of commits that are near each other are near each other on disk.
create index events_occurred_idx on events using brin (occurred_time) with (pages_per_range = 32);
