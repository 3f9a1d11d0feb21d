import { type Event, messageOf, type RelatedRecords, subjectOf } from '@crosswalk/contract';
import type pg from 'pg';
import type { Queryable } from '../database/connection.ts';
import { inTransaction } from '../database/transaction.ts';
import { type IdGenerator, parseId } from '../lib/id.ts';
import { Loop } from '../lib/loop.ts';
import type { DerivedKeys } from '../lib/seal.ts';
import { attemptOf, eventGone, isOverload, isSuccess, judge, keyMissing, type Outcome, unsent } from './delivery.ts';
import { type Claim, claimDeliveries, type Result, recordResults } from './delivery-store.ts';
import { disableByItself } from './endpoint-service.ts';
import { holdEndpoints, setFailing } from './endpoint-store.ts';
import { loadParcels, type Parcel } from './parcel-store.ts';
import { type Sender, stoppedReason } from './sender.ts';
import { openSecrets, signatureHeaders } from './signature.ts';
import { countResults } from './stats-store.ts';
import { initialSlots, Throttle } from './throttle.ts';

/** Reads records as they are now, by database ID; given by the features that have them. */
export type FindRecords = (
  db: Queryable,
  keys: readonly { environmentId: string; id: string }[],
) => Promise<readonly (object | undefined)[]>;

/** What the worker needs. */
export interface DeliveryWorkerOptions {
  pool: pg.Pool;
  ids: IdGenerator;
  sender: Sender;
  secretsKeys: DerivedKeys;
  findOrganizations: FindRecords;
  findUsers: FindRecords;
  /** How long a delivery is nobody else's, in milliseconds: longer than the sender's `timeout`, which is not begun where less is left. */
  lease: number;
  /** Hears of each attempt that counts, and how long it took in milliseconds. */
  onAttempt: (result: 'delivered' | 'retried' | 'failed', duration: number) => void;
  onError: (error: unknown) => void;
}

/** How often it looks for what is due, when nobody wakes it. Milliseconds. */
const interval = 500;

/** Results that are recorded in one transaction at most. */
const maxBatch = 500;

/** What an attempt led to, by the status that its delivery has then. */
const heardAs = { DELIVERED: 'delivered', PENDING: 'retried', FAILED: 'failed' } as const;

/** A result and the endpoint's part in it. */
interface Recorded {
  result: Result;
  /** whether it tells anything of the endpoint */
  counts: boolean;
  /** whether the endpoint says that it is gone */
  gone: boolean;
  /** until when nobody else has the delivery, milliseconds since 1970 */
  leaseEnd: number;
}

/**
 * Sends what is due and records what came of it. Several workers, in any number of processes, share the work: each claims deliveries
 * for a while. One that is killed loses nothing: what it had claimed is due again when that while is over.
 */
export class DeliveryWorker {
  readonly #options: DeliveryWorkerOptions;
  readonly #loop: Loop;
  readonly #throttles = new Map<string, Throttle>();
  readonly #sending = new Set<Promise<void>>();
  readonly #results: Recorded[] = [];
  #flushing: Promise<void> | undefined;
  #stopped = false;

  constructor(options: DeliveryWorkerOptions) {
    this.#options = options;
    this.#loop = new Loop({ work: () => this.#round(), interval, onError: options.onError });
  }

  start(): void {
    this.#loop.start();
  }

  /** There may be something to send. */
  wake(): void {
    this.#loop.wake();
  }

  /** Ends the attempts under way, which count for nothing and are made again by another; resolves when all is recorded. */
  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#loop.stop();
    await this.#options.sender.stop();
    await Promise.all(this.#sending);
    await this.#flushing;
  }

  async #round(): Promise<boolean> {
    const { pool, lease } = this.#options;
    const now = Date.now();
    const claims = await inTransaction(pool, (tx) => claimDeliveries(tx, this.#slots(now), initialSlots, lease), { durable: false });
    if (claims.length === 0) return false;
    const parcels = await loadParcels(pool, claims);
    const related = await this.#related(parcels);
    parcels.forEach((parcel, index) => {
      const sending = this.#send(parcel, related[index] ?? {}, now + lease).finally(() => this.#sending.delete(sending));
      this.#sending.add(sending);
    });
    // What ends wakes the loop: there is room for more then.
    return false;
  }

  #slots(now: number) {
    for (const [endpointId, throttle] of this.#throttles) if (throttle.isStale(now)) this.#throttles.delete(endpointId);
    return [...this.#throttles].map(([endpointId, throttle]) => ({ endpointId, slots: throttle.slots(now) }));
  }

  /** The records that events of memberships are about: as they were then, or as they are now where no event of them is kept. */
  async #related(parcels: readonly Parcel[]): Promise<RelatedRecords[]> {
    const { pool, findOrganizations, findUsers } = this.#options;
    const missing = (of: 'organization' | 'user', prefix: 'org' | 'usr', field: string) =>
      parcels.flatMap((parcel) => {
        const { event } = parcel;
        const isAbout = event !== undefined && subjectOf(event.type) === 'membership';
        const id = isAbout && parcel[of] === null ? parseId(prefix, String(event.data[field])) : undefined;
        return id === undefined ? [] : [{ parcel, environmentId: parcel.claim.environment_id, id }];
      });
    const read = async (wanted: ReturnType<typeof missing>, find: FindRecords) => {
      const found = wanted.length === 0 ? [] : await find(pool, wanted);
      return new Map(wanted.map(({ parcel }, index) => [parcel, found[index]]));
    };
    const [organizations, users] = await Promise.all([
      read(missing('organization', 'org', 'organization_id'), findOrganizations),
      read(missing('user', 'usr', 'user_id'), findUsers),
    ]);
    return parcels.map((parcel) => ({
      organization: parcel.organization ?? organizations.get(parcel),
      user: parcel.user ?? users.get(parcel),
    }));
  }

  async #send(parcel: Parcel, related: RelatedRecords, leaseEnd: number): Promise<void> {
    const { claim, event } = parcel;
    // Reading it took too long: before an attempt ended, another might send it, and what comes after it. It is due again when the lease ends.
    if (event !== undefined && leaseEnd - Date.now() < this.#options.sender.timeout) return;
    const recorded = event === undefined ? this.#giveUp(claim) : await this.#try(parcel, event, related);
    this.#results.push({ ...recorded, leaseEnd });
    this.#flushing ??= this.#flush().finally(() => {
      this.#flushing = undefined;
    });
  }

  /** What cannot be sent any more takes no room of the endpoint, and says nothing of it: those behind are sent as fast as ever. */
  #giveUp({ environment_id, endpoint_id, event_id, attempts }: Claim): Omit<Recorded, 'leaseEnd'> {
    const attempt = attemptOf(unsent(eventGone, Date.now()));
    return { result: { environment_id, endpoint_id, event_id, attempts, status: 'FAILED', pause: 0, attempt }, counts: false, gone: false };
  }

  async #try(parcel: Parcel, event: Event, related: RelatedRecords): Promise<Omit<Recorded, 'leaseEnd'>> {
    const throttle = this.#throttleOf(parcel.claim.endpoint_id);
    throttle.begin(Date.now());
    const outcome = await this.#attempt(parcel, event, related);
    const now = Date.now();
    throttle.end(isSuccess(outcome) ? 'success' : isOverload(outcome) ? 'overload' : 'refusal', now, outcome.retryAfter);
    const recorded = this.#resultOf(parcel, outcome, now);
    if (recorded.counts) this.#options.onAttempt(heardAs[recorded.result.status], outcome.duration);
    return recorded;
  }

  #throttleOf(endpointId: string): Throttle {
    const known = this.#throttles.get(endpointId);
    if (known !== undefined) return known;
    const throttle = new Throttle();
    this.#throttles.set(endpointId, throttle);
    return throttle;
  }

  async #attempt({ url, secrets }: Parcel, event: Event, related: RelatedRecords): Promise<Outcome> {
    const time = Date.now();
    const opened = openSecrets(this.#options.secretsKeys, secrets);
    // As from a receiver that is away: one attempt a second leaves the rest to servers that have the key, while it is being changed.
    if (opened === undefined) return unsent(keyMissing, time);
    const body = JSON.stringify(messageOf(event, related));
    return this.#options.sender.send({ url, body, headers: signatureHeaders(opened, event.id, time, body) });
  }

  #resultOf({ claim }: Parcel, outcome: Outcome, now: number): Omit<Recorded, 'leaseEnd'> {
    const { environment_id, endpoint_id, event_id, attempts, logged, expire_time: expireTime } = claim;
    const key = { environment_id, endpoint_id, event_id, attempts };
    if (outcome.error === stoppedReason)
      return { result: { ...key, status: 'PENDING', pause: 0, attempt: null }, counts: false, gone: false };
    // A worker that was killed with a claim is no failure of the receiver: the pause does not grow by it.
    const attempt = Math.min(attempts, logged + 1);
    const verdict = judge(outcome, { attempt, now, expireTime, random: Math.random() });
    const pause = verdict.status === 'PENDING' ? verdict.pause * 1000 : 0;
    const result = { ...key, status: verdict.status, pause, attempt: attemptOf(outcome) };
    return { result, counts: true, gone: verdict.status === 'FAILED' && verdict.gone };
  }

  async #flush(): Promise<void> {
    while (this.#results.length > 0) {
      const batch = this.#results.splice(0, maxBatch);
      try {
        await this.#record(batch);
      } catch (error) {
        this.#options.onError(error);
        // The database is away. What nobody else has taken meanwhile is recorded when it is back; the rest is theirs.
        const now = Date.now();
        if (!this.#stopped) this.#results.unshift(...batch.filter(({ leaseEnd }) => leaseEnd > now));
        await new Promise((resolve) => setTimeout(resolve, interval));
      }
      this.#loop.wake();
    }
  }

  /** One success shows that an endpoint is there, whatever failed beside it. */
  #record(batch: readonly Recorded[]): Promise<void> {
    const counted = batch.filter(({ counts }) => counts);
    const endpointsOf = (some: readonly Recorded[]) => new Set(some.map(({ result }) => result.endpoint_id));
    const alive = endpointsOf(counted.filter(({ result }) => result.status === 'DELIVERED'));
    const lost = endpointsOf(counted.filter(({ result }) => !alive.has(result.endpoint_id)));
    const gone = endpointsOf(batch.filter((one) => one.gone));
    const results = batch.map(({ result }) => result);
    // A result that is lost with the database makes a repetition, which receivers have to expect anyway.
    return inTransaction(
      this.#options.pool,
      async (tx) => {
        const held = await holdEndpoints(tx, results);
        await recordResults(tx, results);
        await countResults(
          tx,
          counted.map(({ result }) => result),
        );
        const failing = held.filter((endpoint) => endpoint.failing);
        await setFailing(
          tx,
          failing.filter(({ id }) => alive.has(id)),
          false,
        );
        await setFailing(
          tx,
          held.filter((endpoint) => !endpoint.failing && lost.has(endpoint.id)),
          true,
        );
        for (const { environment_id, id, overdue } of held) {
          const reason = gone.has(id) ? 'GONE' : overdue && lost.has(id) ? 'FAILING' : undefined;
          if (reason !== undefined) await disableByItself(tx, this.#options.ids, environment_id, id, reason);
        }
      },
      { durable: gone.size > 0 },
    );
  }
}
