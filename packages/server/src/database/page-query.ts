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

/** SQL: how many records match. */
function countOf({ table, where }: PageQuery): string {
  return `(select count(*) from (select from ${table} t where ${where} limit ${countLimit + 1}) matches)`;
}

/** Finds the records, counts them and sorts them, by one statement; by another where more match than are counted. */
async function selectOfFew<Row extends QueryResultRow & { id: string }>(
  db: Queryable,
  query: PageQuery,
  request: PageRequest,
): Promise<Selected<Row>> {
  const { table, columns, where } = query;
  const { beyond, order, values } = partOf(query, request);
  const { rows } = await db.query<CountedRow<Row>>(
    `with matched as materialized (select t.id from ${table} t where ${where} limit ${countLimit + 1}),
       page as materialized (select t.id from matched t where true ${beyond} ${order})
     select c.matches, t.* from (select count(*) as matches from matched) c
     left join (select ${columns} from ${table} t join page on page.id = t.id where t.environment_id = $1) t on true ${order}`,
    values,
  );
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
  const { table, columns, where } = query;
  const { beyond, order, values } = partOf(query, request);
  const { rows } = await db.query<CountedRow<Row>>(
    `select c.matches, t.* from (select ${count} as matches) c
     left join (select ${columns} from ${table} t where ${where} ${beyond} ${order}) t on true ${order}`,
    values,
  );
  return selectedOf(rows);
}

function selectedOf<Row extends { id: string }>(rows: readonly CountedRow<Row>[]): Selected<Row> {
  return { rows: rows.filter((row): row is Row & { matches: string } => row.id !== null), count: Number(rows[0]?.matches ?? 0) };
}

/** SQL: the part of a list that is asked for. */
function partOf(query: PageQuery, { size, position }: PageRequest): { beyond: string; order: string; values: unknown[] } {
  const backwards = position?.direction === 'prev';
  const order = `order by t.id ${backwards ? 'asc' : 'desc'} limit ${size + 1}`;
  if (position === undefined) return { beyond: '', order, values: query.values };
  return { beyond: `and t.id ${backwards ? '>' : '<'} $${query.values.length + 1}`, order, values: [...query.values, position.id] };
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
