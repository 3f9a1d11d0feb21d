import { type DeliveryHour, type Overview, overviewLimits } from '@crosswalk/contract';
import type pg from 'pg';
import type { Queryable } from '../database/connection.ts';
import type { RequestContext } from '../environments/index.ts';
import type { ImportFailure } from '../imports/index.ts';
import type { MailFailure } from '../mail/index.ts';
import type { EndpointFailure } from '../webhooks/index.ts';
import { readCounts, readEventHours, readGrowth } from './figure-store.ts';
import { coverageOf, dayBefore, eventHoursOf, failuresOf, growthOf } from './overview.ts';

/** What the overview needs of other features. */
export interface OverviewOptions {
  pool: pg.Pool;
  /** gives every committed event its place, so that the figures have it */
  placeEvents: () => Promise<void>;
  readDeliveryHours: (db: Queryable, environmentId: string, from: Date) => Promise<DeliveryHour[]>;
  listSystems: (db: Queryable, environmentId: string) => Promise<{ name: string }[]>;
  findWebhookFailures: (db: Queryable, environmentId: string) => Promise<EndpointFailure[]>;
  findMailFailures: (db: Queryable, environmentId: string, limit: number) => Promise<MailFailure[]>;
  findImportFailures: (db: Queryable, environmentId: string) => Promise<ImportFailure[]>;
}

/** Tells how a directory is, from figures that are kept: no request counts records. */
export class OverviewService {
  readonly #options: OverviewOptions;

  constructor(options: OverviewOptions) {
    this.#options = options;
  }

  /** The figures, with growth of the last `days` days (UTC), today included. Those of records are of the end of the feed, and of one moment. */
  async get({ environmentId }: RequestContext, days: number): Promise<Overview> {
    const { pool, placeEvents, readDeliveryHours, listSystems, findWebhookFailures, findMailFailures, findImportFailures } = this.#options;
    await placeEvents();
    const now = Date.now();
    const hoursFrom = new Date(now - Math.min(days * 24, overviewLimits.hours.max) * 3_600_000);
    const [counts, changes, eventHours, deliveries, described, endpoints, mails, imports] = await Promise.all([
      readCounts(pool, environmentId),
      readGrowth(pool, environmentId, dayBefore(now, days)),
      readEventHours(pool, environmentId, hoursFrom),
      readDeliveryHours(pool, environmentId, hoursFrom),
      listSystems(pool, environmentId),
      findWebhookFailures(pool, environmentId),
      findMailFailures(pool, environmentId, overviewLimits.failures),
      findImportFailures(pool, environmentId),
    ]);
    const count = (kind: string) => ({ value: counts.records.get(kind) ?? 0, exact: true });
    return {
      counts: {
        organizations: count('organization'),
        users: count('user'),
        memberships: count('membership'),
        pending_invitations: count('pending_invitation'),
      },
      growth: growthOf(counts, changes, days, now),
      events: eventHoursOf(eventHours),
      deliveries,
      systems: coverageOf(
        counts,
        described.map(({ name }) => name),
      ),
      failures: failuresOf({ endpoints, mails, imports }),
      as_of: new Date(now).toISOString(),
    };
  }
}
