-- Lanes where nothing is due, and so nothing would ever be: servers of the versions before left one when an endpoint was enabled at the wrong moment. The first
-- of each is due now. Nobody else moves a lane that stands still, so the older servers go on meanwhile.
update webhook_deliveries d set due_time = now()
where d.status = 'PENDING' and d.due_time is null and not exists (
  select from webhook_deliveries p
  where p.environment_id = d.environment_id and p.endpoint_id = d.endpoint_id and p.record_id = d.record_id and p.status = 'PENDING'
    and (p.place < d.place or p.due_time is not null));
