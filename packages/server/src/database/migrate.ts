import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import type pg from 'pg';

/** One numbered file of `database/migrations`. */
interface Migration {
  number: number;
  name: string;
  sql: string;
  checksum: string;
}

/** The database cannot be used by this version of the server; the message says what to do. */
export class MigrationError extends Error {
  override readonly name = 'MigrationError';
}

/** The files stay where they are written; the compiled code finds them from `dist` too. */
const migrationsDirectory = new URL('../../src/database/migrations/', import.meta.url);

/** Any number will do as long as every server uses the same one: "crosswlk" in ASCII. */
const lockKey = '7165065861944994923';

/**
 * Brings the database to the schema of this version: runs each migration that it lacks, each in
 * its own transaction. Servers that start together wait for one another on an advisory lock.
 * Refuses, with a `MigrationError`, a schema that is newer than this server or was edited.
 *
 * Returns the names of the migrations that were run.
 */
export async function migrate(pool: pg.Pool, directory: URL = migrationsDirectory): Promise<string[]> {
  const migrations = await readMigrations(directory);
  const client = await pool.connect();
  try {
    // A migration of a large table may take its time, and so may the server we wait for.
    await client.query('set statement_timeout = 0; set lock_timeout = 0');
    await client
      .query(`create table if not exists schema_migrations (
      number integer primary key, name text not null, checksum text not null, applied_time timestamptz not null default now())`)
      .catch(ignoreConcurrentCreation);
    const run: string[] = [];
    for (;;) {
      const name = await runNext(client, migrations);
      if (name === undefined) return run;
      run.push(name);
    }
  } finally {
    // The settings above belong to this connection: it must not go back to the pool with them.
    client.release(true);
  }
}

/** Runs the first migration that is missing, under the lock; undefined if none is. */
async function runNext(client: pg.PoolClient, migrations: Migration[]): Promise<string | undefined> {
  await client.query('begin');
  try {
    await client.query('select pg_advisory_xact_lock($1)', [lockKey]);
    const applied = await client.query<{ number: number; name: string; checksum: string }>(
      'select number, name, checksum from schema_migrations order by number',
    );
    const next = nextMigration(migrations, applied.rows);
    if (next !== undefined) {
      await client.query(next.sql);
      await client.query('insert into schema_migrations (number, name, checksum) values ($1, $2, $3)', [
        next.number,
        next.name,
        next.checksum,
      ]);
    }
    await client.query('commit');
    return next?.name;
  } catch (error) {
    await client.query('rollback');
    throw error;
  }
}

/** The first migration that is not applied. Throws if what is applied is not a beginning of what we know. */
function nextMigration(known: Migration[], applied: { number: number; name: string; checksum: string }[]): Migration | undefined {
  for (const [index, row] of applied.entries()) {
    const migration = known[index];
    if (migration === undefined) {
      throw new MigrationError(
        `The database has schema ${row.number} (${row.name}), this server knows schemas up to ${known.length}. ` +
          'A newer Crosswalk has used this database: start that version or a later one, or restore a backup made before the upgrade.',
      );
    }
    if (migration.number !== row.number || migration.checksum !== row.checksum) {
      throw new MigrationError(
        `Migration ${row.name} was applied to this database in another form than this server has. ` +
          'The database belongs to a different build of Crosswalk: use that build, or another database.',
      );
    }
  }
  return known[applied.length];
}

async function readMigrations(directory: URL): Promise<Migration[]> {
  const names = (await readdir(directory)).filter((name) => name.endsWith('.sql')).sort();
  return Promise.all(
    names.map(async (name, index) => {
      const number = Number.parseInt(name, 10);
      if (number !== index + 1) throw new Error(`Migration ${name} should have number ${index + 1}`);
      const sql = await readFile(new URL(name, directory), 'utf8');
      return { number, name, sql, checksum: createHash('sha256').update(sql).digest('hex') };
    }),
  );
}

/** Two servers may both find the table missing; the one that loses sees a unique violation in the catalogue. */
function ignoreConcurrentCreation(error: unknown): void {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  if (code !== '23505' && code !== '42P07') throw error;
}
