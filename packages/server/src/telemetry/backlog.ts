import type pg from 'pg';
import type { Queryable } from '../database/connection.ts';

/** How much waits, and for how long the oldest of it has: seconds, 0 when nothing waits. */
export interface Waiting {
  waiting: number;
  oldest: number;
}

/** What waits in the database, for any server to do it. */
export interface Backlog {
  feed: Waiting;
  webhooks: Waiting;
  mail: Waiting;
  imports: { waiting: number; running: number };
}

/** The features' own readers. Each reads an index up to a limit, so that none gets slower with what the directory holds. */
export interface BacklogReaders {
  readFeedBacklog(db: Queryable): Promise<Waiting>;
  readDeliveryBacklog(db: Queryable): Promise<Waiting>;
  readMailBacklog(db: Queryable): Promise<Waiting>;
  readImportBacklog(db: Queryable): Promise<Backlog['imports']>;
}

/** However often they are asked for, figures are read once in this time. Milliseconds. */
const keptTime = 3_000;

/** Gives a reader of the backlog for one round of figures or many: what was read is kept for three seconds. Undefined when the database does not answer. */
export function backlogReader(pool: pg.Pool, readers: BacklogReaders, now: () => number = Date.now): () => Promise<Backlog | undefined> {
  let readTime = Number.NEGATIVE_INFINITY;
  let reading: Promise<Backlog | undefined> = Promise.resolve(undefined);
  const read = async (): Promise<Backlog | undefined> => {
    try {
      const [feed, webhooks, mail, imports] = await Promise.all([
        readers.readFeedBacklog(pool),
        readers.readDeliveryBacklog(pool),
        readers.readMailBacklog(pool),
        readers.readImportBacklog(pool),
      ]);
      return { feed, webhooks, mail, imports };
    } catch {
      return undefined;
    }
  };
  return () => {
    if (now() - readTime >= keptTime) {
      readTime = now();
      reading = read();
    }
    return reading;
  };
}
