import type { QueryResultRow } from 'pg';
import type { PagePosition } from '../lib/page-token.ts';
import type { Queryable } from './connection.ts';

/** Records of one table, newest first. */
export interface PageQuery {
  /** SQL: the columns of a row, `id` among them, of the table under the name `t` */
  columns: string;
  table: string;
  /** SQL: what a record must satisfy; names columns without a prefix or with `t.` */
  where: string;
  /** parameters of `where` */
  values: unknown[];
  /** Whether an index other than the one of the order finds the records. */
  indexed: boolean;
}

/** Which part of the list: `size` records from `position` on, from the newest when there is none. */
export interface PageRequest {
  size: number;
  position: PagePosition | undefined;
}

/** One page of a list, newest first. */
export interface Page<Item> {
  items: Item[];
  /** database IDs of the records at the page's ends where more follow on that side */
  next: string | undefined;
  prev: string | undefined;
  /** exact up to `countLimit` */
  total: number;
  totalIsFloor: boolean;
}

/** Counting stops here, so that a page of a large list costs no more than one of a small list. */
const countLimit = 10_000;

/**
 * One page by keyset: no page is slower for being far from the first. When an index finds the records and they
 * are few, they are found first and sorted; otherwise the primary key is walked in order until the page is full.
 */
export async function selectPage<Row extends QueryResultRow & { id: string }>(
  db: Queryable,
  query: PageQuery,
  { size, position }: PageRequest,
): Promise<Page<Row>> {
  const counted = await db.query<{ count: string }>(
    `select count(*) from (select from ${query.table} t where ${query.where} limit ${countLimit + 1}) matches`,
    query.values,
  );
  const found = Number(counted.rows[0]?.count ?? 0);
  const totalIsFloor = found > countLimit;
  const count = { total: totalIsFloor ? countLimit : found, totalIsFloor };

  const backwards = position?.direction === 'prev';
  const values = position === undefined ? query.values : [...query.values, position.id];
  const beyond = position === undefined ? '' : `and t.id ${backwards ? '>' : '<'} $${values.length}`;
  const order = `order by t.id ${backwards ? 'asc' : 'desc'} limit ${size + 1}`;
  const findFirst = query.indexed && !totalIsFloor;
  const sql = findFirst
    ? `with matches as materialized (select id from ${query.table} t where ${query.where} ${beyond} ${order})
       select ${query.columns} from ${query.table} t join matches on matches.id = t.id where t.environment_id = $1 ${order}`
    : `select ${query.columns} from ${query.table} t where ${query.where} ${beyond} ${order}`;
  const { rows } = await db.query<Row>(sql, values);

  const more = rows.length > size;
  const items = rows.slice(0, size);
  if (backwards) items.reverse();
  const [first, last] = [items[0]?.id, items.at(-1)?.id];
  // A page that was reached has the one it was reached from on its other side.
  const hasNext = backwards || more;
  const hasPrev = backwards ? more : position !== undefined;
  return { items, next: hasNext ? last : undefined, prev: hasPrev ? first : undefined, ...count };
}
