import type { ErrorCode } from '@crosswalk/contract';
import type pg from 'pg';
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import type { Backlog } from './backlog.ts';

/** The two ways to ask this service. */
export type Protocol = 'rest' | 'grpc';

/** A request that has ended. */
export interface EndedRequest {
  protocol: Protocol;
  method: string;
  /** the template of its path, never the path itself: there are only so many */
  route: string;
  /** of HTTP, or the name of gRPC's */
  status: string;
  errorCode: ErrorCode | undefined;
  /** in seconds */
  duration: number;
}

/** Upper bounds of the durations that are told apart: from a look-up in memory to the longest that any request may take. Seconds. */
const buckets = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];

/** What became of one attempt to send a webhook: tried again later, or given up. */
export type AttemptResult = 'delivered' | 'retried' | 'failed';

/** Where figures come from that are read when they are asked for. */
export interface MetricsSources {
  pools: Readonly<Record<string, pg.Pool>>;
  /** look-ups that were answered from memory, and all that could have been, since the start */
  lookUps?: Readonly<{ kept: number; all: number }> | undefined;
  readBacklog: () => Promise<Backlog | undefined>;
}

/** The figures of this process and of what waits in the database, for Prometheus. All names begin with `crosswalk_`; those of the process are `prom-client`'s. */
export class Metrics {
  readonly #registry = new Registry();
  readonly #underWay: Gauge<'protocol'>;
  readonly #requests: Counter<'protocol' | 'method' | 'route' | 'status'>;
  readonly #durations: Histogram<'protocol' | 'method' | 'route'>;
  readonly #errors: Counter<'protocol' | 'error_code'>;
  readonly #webhooks: Counter<'result'>;
  readonly #webhookDurations: Histogram;
  readonly #mails: Counter<'state'>;

  /** `pools`: by the name they are shown under; `lookUps`: left out, nothing is kept; `readBacklog` never rejects. */
  constructor({ pools, lookUps, readBacklog }: MetricsSources) {
    const registers = [this.#registry];
    collectDefaultMetrics({ register: this.#registry });
    this.#underWay = new Gauge({ name: 'crosswalk_requests_in_flight', help: 'Requests under way.', labelNames: ['protocol'], registers });
    this.#requests = new Counter({
      name: 'crosswalk_requests_total',
      help: 'Requests that have ended, by route template and status; the status "aborted": the caller went away first.',
      labelNames: ['protocol', 'method', 'route', 'status'],
      registers,
    });
    this.#durations = new Histogram({
      name: 'crosswalk_request_duration_seconds',
      help: 'From the head of a request to the end of its answer.',
      labelNames: ['protocol', 'method', 'route'],
      buckets,
      registers,
    });
    this.#errors = new Counter({
      name: 'crosswalk_request_errors_total',
      help: 'Answers with an error, by the error code of docs/errors.md: RATE_LIMITED, for example.',
      labelNames: ['protocol', 'error_code'],
      registers,
    });
    this.#webhooks = new Counter({
      name: 'crosswalk_webhook_attempts_total',
      help: 'Attempts of this process to send a webhook: delivered, to be retried, or failed for good.',
      labelNames: ['result'],
      registers,
    });
    this.#webhookDurations = new Histogram({
      name: 'crosswalk_webhook_attempt_duration_seconds',
      help: 'How long receivers took to answer.',
      buckets,
      registers,
    });
    this.#mails = new Counter({
      name: 'crosswalk_mail_attempts_total',
      help: 'Mails that this process was done with, by the state they went to: QUEUED is to be tried again.',
      labelNames: ['state'],
      registers,
    });
    this.#addPools(pools);
    if (lookUps !== undefined) this.#addLookUps(lookUps);
    this.#addBacklog(readBacklog);
  }

  #addPools(pools: Readonly<Record<string, pg.Pool>>): void {
    new Gauge({
      name: 'crosswalk_database_connections',
      help: 'Connections of this process to the database, by pool: all, and those that nobody uses just now.',
      labelNames: ['pool', 'state'],
      registers: [this.#registry],
      collect() {
        for (const [pool, { totalCount, idleCount }] of Object.entries(pools)) {
          this.set({ pool, state: 'total' }, totalCount);
          this.set({ pool, state: 'idle' }, idleCount);
        }
      },
    });
    new Gauge({
      name: 'crosswalk_database_waiting',
      help: 'Requests and work that wait for a connection.',
      labelNames: ['pool'],
      registers: [this.#registry],
      collect() {
        for (const [pool, { waitingCount }] of Object.entries(pools)) this.set({ pool }, waitingCount);
      },
    });
  }

  #addLookUps(lookUps: Readonly<{ kept: number; all: number }>): void {
    new Counter({
      name: 'crosswalk_look_ups_total',
      help: 'Look-ups of organizations and users on the primary: answered from memory once the database had confirmed it, or read.',
      labelNames: ['from'],
      registers: [this.#registry],
      collect() {
        this.reset();
        this.inc({ from: 'memory' }, lookUps.kept);
        this.inc({ from: 'database' }, lookUps.all - lookUps.kept);
      },
    });
  }

  #addBacklog(readBacklog: () => Promise<Backlog | undefined>): void {
    const figures: [name: string, help: string, of: (backlog: Backlog) => number][] = [
      ['feed_unplaced_events', 'Events that have no place in the feed yet (10,000 at most).', ({ feed }) => feed.waiting],
      ['feed_lag_seconds', 'Age of the oldest event that has no place yet; 0: there is none.', ({ feed }) => feed.oldest],
      ['webhook_deliveries_due', 'Deliveries that could be sent now (1,000 of each endpoint at most).', ({ webhooks }) => webhooks.waiting],
      ['webhook_oldest_due_seconds', 'How long the oldest of them has been due.', ({ webhooks }) => webhooks.oldest],
      ['mails_due', 'Mails that could be sent now (10,000 at most).', ({ mail }) => mail.waiting],
      ['mail_oldest_due_seconds', 'How long the oldest of them has been due.', ({ mail }) => mail.oldest],
      ['imports_waiting', 'Imports and undoings of imports that wait for a worker.', ({ imports }) => imports.waiting],
      ['imports_running', 'Imports and undoings of imports under way.', ({ imports }) => imports.running],
    ];
    for (const [name, help, of] of figures) {
      new Gauge({
        name: `crosswalk_${name}`,
        help: `${help} Of all servers; not a number while the database is away.`,
        registers: [this.#registry],
        async collect() {
          const backlog = await readBacklog();
          this.set(backlog === undefined ? Number.NaN : of(backlog));
        },
      });
    }
  }

  /** A request has begun. */
  begin(protocol: Protocol): void {
    this.#underWay.inc({ protocol });
  }

  /** One that had begun has ended. */
  end({ protocol, method, route, status, errorCode, duration }: EndedRequest): void {
    this.#underWay.dec({ protocol });
    this.#requests.inc({ protocol, method, route, status });
    this.#durations.observe({ protocol, method, route }, duration);
    if (errorCode !== undefined) this.#errors.inc({ protocol, error_code: errorCode });
  }

  /** An attempt to send a webhook. `duration` in milliseconds. */
  webhookAttempt(result: AttemptResult, duration: number): void {
    this.#webhooks.inc({ result });
    this.#webhookDurations.observe(duration / 1000);
  }

  /** A mail was sent, or not. */
  mailAttempt(state: string): void {
    this.#mails.inc({ state });
  }

  get contentType(): string {
    return this.#registry.contentType;
  }

  /** All figures as Prometheus reads them. */
  text(): Promise<string> {
    return this.#registry.metrics();
  }
}
