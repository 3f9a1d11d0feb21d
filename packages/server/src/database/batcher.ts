import { type Context, context } from '@opentelemetry/api';
import { onBehalfOf } from '../lib/tracing.ts';

/** How a batcher loads many keys at once: the answers come in the order of the keys. */
export type LoadMany<Key, Value> = (keys: readonly Key[]) => Promise<readonly Value[]>;

export interface BatcherOptions {
  /** Keys in one statement at most. */
  maxBatch: number;
  /** Statements of this batcher under way at once; others wait and grow their batch meanwhile. */
  maxConcurrent: number;
}

/**
 * Measured with 64 callers on two cores (docs/decisions/0003): a key costs PostgreSQL least where many share a statement, so that few
 * statements under way are better than many. Two rather than one, so that a slow one does not hold up all.
 */
const defaults: BatcherOptions = { maxBatch: 64, maxConcurrent: 2 };

/**
 * Independent look-ups that are waiting at the same moment travel in one statement.
 *
 * The first look-up of a quiet moment leaves at the end of the current turn of the event loop; while
 * `maxConcurrent` statements are under way, later ones gather and leave together when one returns.
 * A key is always read by a statement that started after it was asked for, so a caller sees its own
 * writes. If the statement fails, every look-up in it fails with the same error.
 */
export function createBatcher<Key, Value>(load: LoadMany<Key, Value>, options: Partial<BatcherOptions> = {}) {
  const { maxBatch, maxConcurrent } = { ...defaults, ...options };
  interface Waiting {
    key: Key;
    resolve: (value: Value) => void;
    reject: (error: unknown) => void;
    /** where it was asked for, for traces */
    asker: Context;
  }
  const waiting: Waiting[] = [];
  let running = 0;
  let scheduled = false;

  function schedule(): void {
    if (scheduled || running >= maxConcurrent) return;
    scheduled = true;
    setImmediate(dispatch);
  }

  function dispatch(): void {
    scheduled = false;
    while (waiting.length > 0 && running < maxConcurrent) {
      const batch = waiting.splice(0, maxBatch);
      running += 1;
      void run(batch);
    }
  }

  async function run(batch: Waiting[]): Promise<void> {
    try {
      const keys = batch.map((item) => item.key);
      const values = await onBehalfOf(
        batch.map((item) => item.asker),
        () => load(keys),
      );
      if (values.length !== batch.length) throw new Error(`${values.length} answers to ${batch.length} keys`);
      batch.forEach((item, index) => {
        const value = values[index];
        // The lengths are equal: an undefined here is a Value the loader meant.
        item.resolve(value as Value);
      });
    } catch (error) {
      for (const item of batch) item.reject(error);
    } finally {
      running -= 1;
      if (waiting.length > 0) schedule();
    }
  }

  return (key: Key): Promise<Value> =>
    new Promise((resolve, reject) => {
      waiting.push({ key, resolve, reject, asker: context.active() });
      schedule();
    });
}
