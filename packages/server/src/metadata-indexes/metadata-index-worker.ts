import type { MetadataIndex } from '@crosswalk/contract';
import pg from 'pg';
import { inTurn } from '../database/in-turn.ts';
import { inTransaction } from '../database/transaction.ts';
import { systemContext } from '../environments/index.ts';
import { appendEvents, eventOf } from '../events/index.ts';
import type { IdGenerator } from '../lib/id.ts';
import { Loop } from '../lib/loop.ts';
import {
  buildStatements,
  cancelStatement,
  dropStatements,
  type IndexTask,
  listTasks,
  runStatement,
  type WantedIndex,
} from './built-index-store.ts';
import { noteBuilt } from './metadata-index-store.ts';

/** What the worker needs. */
export interface MetadataIndexWorkerOptions {
  pool: pg.Pool;
  /** Connections whose statements may take as long as they take; two are used: one builds, one says that this server is at it. */
  buildPool: pg.Pool;
  ids: IdGenerator;
  onError: (error: unknown) => void;
}

/** How often it looks for an index that another server was asked for, or that a killed one left, when nobody wakes it. Milliseconds. */
const interval = 10_000;

/** The advisory lock of the server that builds and drops. */
const turn = 7_165_067;

/** How often it ends a statement under way while the server stops: one that has not begun cannot be ended. Milliseconds. */
const cancelInterval = 200;

/** Characters of an error that are kept. */
const errorLength = 500;

/**
 * Builds the indexes that are asked for and drops those that are not, one at a time, while everything else goes on.
 *
 * What is there is read from the catalogue of the database each time, so nothing has to be remembered: a build that was cut off has left an
 * index that is not valid and that nobody is at, which is dropped before another is begun. Of several servers one is at work at a time: two
 * that build at once end each other's building as a deadlock, and one can take what the other has just made for broken.
 */
export class MetadataIndexWorker {
  readonly #options: MetadataIndexWorkerOptions;
  readonly #loop: Loop;
  #stopped = false;
  #statement: string | undefined;

  constructor(options: MetadataIndexWorkerOptions) {
    this.#options = options;
    this.#loop = new Loop({ work: () => this.#round(), interval, onError: options.onError });
  }

  start(): void {
    this.#loop.start();
  }

  /** There may be an index to build or to drop. */
  wake(): void {
    this.#loop.wake();
  }

  /** Gives up what is under way: this server begins it anew when it starts, or another one does. */
  async stop(): Promise<void> {
    this.#stopped = true;
    const cancel = () => {
      if (this.#statement !== undefined) cancelStatement(this.#options.pool, this.#statement).catch(this.#options.onError);
    };
    cancel();
    const timer = setInterval(cancel, cancelInterval);
    await this.#loop.stop();
    clearInterval(timer);
  }

  async #round(): Promise<boolean> {
    const { pool, buildPool } = this.#options;
    // Most rounds end here, without a connection of the other pool.
    if ((await listTasks(pool)).length === 0) return false;
    await inTurn(buildPool, turn, async () => {
      for (const task of await listTasks(pool)) {
        if (this.#stopped) break;
        await this.#do(task);
      }
    });
    return false;
  }

  async #do({ id, wanted, found }: IndexTask): Promise<void> {
    if (wanted === undefined) return this.#run(dropStatements(id));
    if (found === 'broken') await this.#run(dropStatements(id));
    try {
      await this.#run(buildStatements(wanted));
    } catch (error) {
      if (!isFinal(error)) throw error;
      await this.#run(dropStatements(id));
      await this.#note(wanted, { state: 'FAILED', error: error.message.slice(0, errorLength) });
      return;
    }
    await this.#note(wanted, { state: 'READY', error: null });
  }

  async #run(statements: readonly string[]): Promise<void> {
    for (const statement of statements) {
      if (this.#stopped) throw new Error('the server stops');
      this.#statement = statement;
      await runStatement(this.#options.buildPool, statement).finally(() => {
        this.#statement = undefined;
      });
    }
  }

  async #note({ environment_id: environmentId, id }: WantedIndex, built: Pick<MetadataIndex, 'state' | 'error'>): Promise<void> {
    const { pool, ids } = this.#options;
    const context = systemContext(environmentId, 'build-metadata-index');
    await inTransaction(pool, async (tx) => {
      const noted = await noteBuilt(tx, environmentId, id, built);
      if (noted === undefined) return;
      await appendEvents(tx, context, ids, [eventOf('metadata_index.updated', 'metadata_index', noted.before, noted.after)]);
    });
  }
}

/** Whether it would be the same the next time: not an index whose building was ended, lost a race, or whose database went away. */
function isFinal(error: unknown): error is pg.DatabaseError {
  return error instanceof pg.DatabaseError && !/^(08|40|55|57)/.test(error.code ?? '');
}
