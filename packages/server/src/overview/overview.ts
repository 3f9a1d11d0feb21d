import { type Failure, type Overview, overviewLimits } from '@crosswalk/contract';
import type { ImportFailure } from '../imports/index.ts';
import type { MailFailure } from '../mail/index.ts';
import type { EndpointFailure } from '../webhooks/index.ts';
import type { Counts } from './figure-store.ts';

const dayMilliseconds = 24 * 3_600_000;

/** The day (UTC) that is so many days before another, as `2026-11-24`. `now`: milliseconds since 1970. */
export function dayBefore(now: number, days: number): string {
  return new Date(now - days * dayMilliseconds).toISOString().slice(0, 10);
}

/**
 * How many records there were at the end of each of the last `days` days, today included: from what there is now back, a day's change at a
 * time. Days without a change are there too.
 */
export function growthOf(
  { records }: Counts,
  changes: readonly { kind: 'organization' | 'user'; day: string; change: number }[],
  days: number,
  now: number,
): Overview['growth'] {
  const byDay = new Map<string, { organization: number; user: number }>();
  for (const { kind, day, change } of changes) {
    const known = byDay.get(day) ?? { organization: 0, user: 0 };
    byDay.set(day, { ...known, [kind]: known[kind] + change });
  }
  const growth: Overview['growth'] = [];
  let [organizations, users] = [records.get('organization') ?? 0, records.get('user') ?? 0];
  for (let back = 0; back < days; back += 1) {
    const day = dayBefore(now, back);
    growth.push({ day, organizations, users });
    const change = byDay.get(day);
    organizations -= change?.organization ?? 0;
    users -= change?.user ?? 0;
  }
  return growth.reverse();
}

/** Events by the hour, oldest first, from rows in that order. */
export function eventHoursOf(rows: readonly { hour: string; type: string; count: number }[]): Overview['events'] {
  const hours: { time: string; total: number; by_type: Record<string, number> }[] = [];
  for (const { hour: time, type, count } of rows) {
    let hour = hours.at(-1);
    if (hour?.time !== time) {
      hour = { time, total: 0, by_type: {} };
      hours.push(hour);
    }
    hour.total += count;
    hour.by_type[type] = count;
  }
  return hours;
}

/** How far each system is linked, by name: those in use and those of `described`. */
export function coverageOf({ records, systems }: Counts, described: readonly string[]): Overview['systems'] {
  const [organizations, users] = [records.get('organization') ?? 0, records.get('user') ?? 0];
  const names = new Set([...systems.keys(), ...described]);
  // The primary external ID is no system.
  names.delete('');
  return [...names].sort().map((name) => {
    const { organization, user } = systems.get(name) ?? { organization: 0, user: 0 };
    return {
      name,
      organizations_with: organization,
      organizations_without: organizations - organization,
      users_with: user,
      users_without: users - user,
      exact: true,
    };
  });
}

/** What needs a person, the latest first. */
export function failuresOf({
  endpoints,
  mails,
  imports,
}: {
  endpoints: readonly EndpointFailure[];
  mails: readonly MailFailure[];
  imports: readonly ImportFailure[];
}): Failure[] {
  return [...endpoints.flatMap(endpointFailures), ...mails.map(mailFailure), ...imports.map(importFailure)]
    .sort((a, b) => (a.time > b.time ? -1 : 1))
    .slice(0, overviewLimits.failures);
}

function endpointFailures({ id, url: title, disabled_reason: reason, failing_since: since, update_time: changed, dead }: EndpointFailure) {
  const failures: Failure[] = [];
  if (reason !== null) failures.push({ kind: 'webhook_endpoint', id, title, detail: disabledDetails[reason], time: changed });
  else if (since !== null) failures.push({ kind: 'webhook_endpoint', id, title, detail: 'Nothing arrives there.', time: since });
  if (dead.count > 0) {
    const detail = `${dead.count}${dead.exact ? '' : ' or more'} ${dead.count === 1 ? 'delivery was' : 'deliveries were'} given up.`;
    failures.push({ kind: 'dead_letters', id, title, detail, time: dead.time });
  }
  return failures;
}

const disabledDetails = {
  GONE: 'Disabled: it answered that it is gone.',
  FAILING: 'Disabled: nothing arrived there for five days.',
};

function mailFailure({ id, to, error, create_time: time }: MailFailure): Failure {
  return { kind: 'message', id, title: to, detail: error ?? 'It was given up.', time };
}

function importFailure({ id, state, error, rejected, time }: ImportFailure): Failure {
  return state === 'FAILED'
    ? { kind: 'import', id, title: 'Import failed', detail: error ?? 'It failed.', time }
    : {
        kind: 'import',
        id,
        title: 'Import rejected rows',
        detail: `${rejected} ${rejected === 1 ? 'row was' : 'rows were'} rejected.`,
        time,
      };
}
