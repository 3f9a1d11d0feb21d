-- expire_time of a delivery that has ended is when it did, so that it is kept for as long as promised, however old its event is. Of one that a server of the
-- version before has ended it is still when it would have been given up: some days later, as a rule.
create index webhook_deliveries_ended_idx on webhook_deliveries (environment_id, endpoint_id, expire_time) where status <> 'PENDING';
