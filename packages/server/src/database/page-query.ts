import type { QueryResultRow } from 'pg';
import type { PagePosition } from '../lib/page-token.ts';
import type { Queryable } from './connection.ts';
import { nameOf } from './statement-names.ts';

/** Which records of a table `t` a list has. */
export interface Condition {
  /** SQL: what a record must satisfy; names columns without a prefix or with `t.` */
  where: string;
  /** parameters of `where`; the first is the environment */
  values: unknown[];
  /** Whether an index other than the one of the order finds the records. */
  indexed: boolean;
  /** Whether an index finds them that has them in the order, too: a page walks that one. */
  inOrder?: boolean;
  /** Whether one plan finds them, whatever the values are; see `nameOf`. */
  samePlan?: boolean;
  /** What they are, where they are all of an environment (`$1`): that they are more than are counted is then known without counting. */
  allOf?: 'organization' | 'user' | 'membership' | undefined;
}

/** Records of one table, newest first. */
export interface PageQuery extends Condition {
  /** SQL: the columns of a row, `id` among them, of the table under the name `t` */
  columns: string;
  table: string;
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
 * are few, they are found first, counted and sorted; otherwise the primary key is walked in order until the page is full.
 */
export async function selectPage<Row extends QueryResultRow & { id: string }>(
  db: Queryable,
  query: PageQuery,
  request: PageRequest,
): Promise<Page<Row>> {
  const { rows, count } = query.indexed
    ? await selectOfFew<Row>(db, query, request)
    : await selectInOrder<Row>(db, query, request, countOf(query));
  return pageOf(request, rows, count);
}

/** A page, and how many records match: one more than is counted where there are more. */
interface Selected<Row> {
  rows: Row[];
  count: number;
}

/** A row of a page with the count; of a page without rows the count alone. */
type CountedRow<Row> = (Row | { id: null }) & { matches: string };

/**
 * SQL: how many records match. The figures of an environment are behind its records by the events that have no place in the feed yet, so they
 * decide only where they are far beyond what is counted. Counting by the order keeps a plan from reading a whole table for a small environment.
 */
function countOf({ table, where, allOf }: PageQuery): string {
  const counted = (order: string) =>
    `(select count(*) from (select from ${table} t where ${where} ${order} limit ${countLimit + 1}) matches)`;
  if (allOf === undefined) return counted('');
  const known = `(select count from record_counts where environment_id = $1 and kind = '${allOf}')`;
  return `case when ${known} >= ${2 * countLimit} then ${countLimit + 1} else ${counted('order by t.id')} end`;
}

/** Finds the records, counts them and sorts them, by one statement; by another where more match than are counted. */
async function selectOfFew<Row extends QueryResultRow & { id: string }>(
  db: Queryable,
  query: PageQuery,
  request: PageRequest,
): Promise<Selected<Row>> {
  const { table, columns, where } = query;
  const { size, beyond, direction, values } = partOf(query, request);
  const part = beyond === undefined ? '' : `filter (where ${beyond})`;
  const text = `select m.matches, ${columns}
     from (select count(*) as matches, (array_agg(t.id order by t.id ${direction}) ${part})[1:${size}] as page
       from (select t.id from ${table} t where ${where} limit ${countLimit + 1}) t) m
     left join ${table} t on t.environment_id = $1 and t.id = any(m.page) order by t.id ${direction}`;
  const { rows } = await db.query<CountedRow<Row>>({ name: query.samePlan === true ? nameOf(db, text) : undefined, text, values });
  const selected = selectedOf(rows);
  return selected.count > countLimit ? selectInOrder(db, query, request, `${countLimit + 1}`) : selected;
}

/** Walks the primary key until the page is full. `count`: SQL of how many match. */
async function selectInOrder<Row extends QueryResultRow & { id: string }>(
  db: Queryable,
  query: PageQuery,
  request: PageRequest,
  count: string,
): Promise<Selected<Row>> {
  const { table, columns, where, allOf } = query;
  const { size, beyond = 'true', direction, values } = partOf(query, request);
  const order = `order by t.id ${direction} limit ${size}`;
  const text = `select c.matches, t.* from (select ${count} as matches) c
     left join (select ${columns} from ${table} t where ${where} and ${beyond} ${order}) t on true ${order}`;
  const { rows } = await db.query<CountedRow<Row>>({ name: allOf === undefined ? undefined : nameOf(db, text), text, values });
  return selectedOf(rows);
}

function selectedOf<Row extends { id: string }>(rows: readonly CountedRow<Row>[]): Selected<Row> {
  return { rows: rows.filter((row): row is Row & { matches: string } => row.id !== null), count: Number(rows[0]?.matches ?? 0) };
}

/** SQL: the part of a list that is asked for. `size`: one more than the page has, which tells whether more follow. */
function partOf(
  query: PageQuery,
  { size, position }: PageRequest,
): { size: number; beyond: string | undefined; direction: 'asc' | 'desc'; values: unknown[] } {
  const backwards = position?.direction === 'prev';
  const part = { size: size + 1, direction: backwards ? 'asc' : 'desc' } as const;
  if (position === undefined) return { ...part, beyond: undefined, values: query.values };
  const beyond = `t.id ${backwards ? '>' : '<'} $${query.values.length + 1}`;
  return { ...part, beyond, values: [...query.values, position.id] };
}

/** The page of rows that were found in its order, one more than it has where more follow. */
function pageOf<Row extends { id: string }>({ size, position }: PageRequest, rows: readonly Row[], count: number): Page<Row> {
  const backwards = position?.direction === 'prev';
  const more = rows.length > size;
  const items = rows.slice(0, size);
  if (backwards) items.reverse();
  const [first, last] = [items[0]?.id, items.at(-1)?.id];
  // A page that was reached has the one it was reached from on its other side.
  const hasNext = backwards || more;
  const hasPrev = backwards ? more : position !== undefined;
  return {
    items,
    next: hasNext ? last : undefined,
    prev: hasPrev ? first : undefined,
    total: Math.min(count, countLimit),
    totalIsFloor: count > countLimit,
  };
}
