import type pg from 'pg';

/** A number that no process was given before: part of the IDs that this one makes. */
export async function takeProcessNumber(pool: pg.Pool): Promise<number> {
  const { rows } = await pool.query<{ number: string }>("select nextval('process_number') as number");
  return Number(rows[0]?.number);
}
