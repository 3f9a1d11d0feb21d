import type pg from 'pg';

/**
 * How far the write-ahead log of PostgreSQL has come, as 16 hexadecimal digits: of two positions, the later is the greater text. What
 * clients call a consistency token.
 */
export type Position = string;

/** Before everything: a reader that takes whatever a replica has. */
export const anyPosition: Position = '0'.repeat(16);

/** The position that PostgreSQL writes as two numbers (`16/B374D848`). */
export function parsePosition(lsn: string): Position {
  const [high = '', low = ''] = lsn.split('/');
  return (high.padStart(8, '0') + low.padStart(8, '0')).toLowerCase();
}

/**
 * A position of the primary that is behind everything that has committed. What is flushed is, unless commits do not wait for the disk: then
 * only what is inserted.
 */
export async function currentPosition(db: pg.Pool): Promise<Position> {
  const { rows } = await db.query<{ lsn: string }>({
    name: 'current-position',
    text: `select case current_setting('synchronous_commit') when 'off' then pg_current_wal_insert_lsn() else pg_current_wal_flush_lsn() end as lsn`,
  });
  const [row] = rows;
  if (row === undefined) throw new Error('a select without a table gave no row');
  return parsePosition(row.lsn);
}
