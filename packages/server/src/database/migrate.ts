import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import type pg from 'pg';
import { DatabaseError } from 'pg';
import { databaseFailure } from './sql-error.ts';
import { inTransaction } from './transaction.ts';

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

/** A migration of a large table may take its time, and so may the server we wait for. 24 days, in milliseconds. */
const patience = 2 ** 31 - 1;

/**
 * Brings the database to the schema of this version: runs each migration that it lacks, each in
 * its own transaction. Servers that start together wait for one another on an advisory lock.
 *
 * Returns the names of the migrations that were run. Throws a `MigrationError` when the database is not of a kind we
 * can use, when its schema is newer than this server or was edited, and when a migration fails.
 */
export async function migrate(pool: pg.Pool, directory: URL = migrationsDirectory): Promise<string[]> {
  const migrations = await readMigrations(directory);
  await requireSuitable(pool);
  const run: string[] = [];
  for (;;) {
    const name = await runNext(pool, migrations);
    if (name === undefined) return run;
    run.push(name);
  }
}

/** What of a database decides whether we can use it, as `show` tells it. */
interface Nature {
  server_version_num: string;
  server_version: string;
  server_encoding: string;
  datestyle: string;
}

async function requireSuitable(pool: pg.Pool): Promise<void> {
  const { rows } = await pool.query<Nature>(
    `select current_setting('server_version_num') as server_version_num, current_setting('server_version') as server_version,
       current_setting('server_encoding') as server_encoding, current_setting('datestyle') as datestyle`,
  );
  const problem = rows.map(unsuitable)[0];
  if (problem !== undefined) throw new MigrationError(problem);
}

/** Why a database cannot be used and what to do, or undefined if it can. */
export function unsuitable({ server_version_num, server_version, server_encoding, datestyle }: Nature): string | undefined {
  if (Number(server_version_num) < 150_000) return `The database is PostgreSQL ${server_version}; Crosswalk needs PostgreSQL 15 or later.`;
  if (server_encoding !== 'UTF8') {
    return (
      `The database has the encoding ${server_encoding}, which cannot hold every external ID and name; Crosswalk needs UTF8. ` +
      "Make one with: create database crosswalk encoding 'UTF8' template template0"
    );
  }
  if (!datestyle.startsWith('ISO')) {
    return (
      `The database writes times in the style ${datestyle}; Crosswalk reads ISO. ` +
      "Set it for its user with: alter role <user> set datestyle = 'ISO, MDY'"
    );
  }
  return undefined;
}

/** Runs the first migration that is missing, under the lock; undefined if none is. */
function runNext(pool: pg.Pool, migrations: Migration[]): Promise<string | undefined> {
  return inTransaction(pool, async (tx) => {
    await tx.query('set local statement_timeout = 0');
    await tx.query('set local lock_timeout = 0');
    await tx.query(patiently('select pg_advisory_xact_lock($1)', [lockKey]));
    await explained('The schema of Crosswalk cannot be set up', () => tx.query(bookkeeping));
    const applied = await tx.query<{ number: number; name: string; checksum: string }>(
      'select number, name, checksum from schema_migrations order by number',
    );
    const next = nextMigration(migrations, applied.rows);
    if (next === undefined) return undefined;
    const { number, name, sql, checksum } = next;
    await explained(`Migration ${name} failed and nothing of it was applied`, () => tx.query(patiently(sql)));
    await tx.query('insert into schema_migrations (number, name, checksum) values ($1, $2, $3)', [number, name, checksum]);
    return name;
  });
}

/** A statement that the driver waits for, however long it takes. */
function patiently(text: string, values?: string[]) {
  return { text, query_timeout: patience, ...(values === undefined ? {} : { values }) };
}

const bookkeeping = `create table if not exists schema_migrations (
  number integer primary key, name text not null, checksum text not null, applied_time timestamptz not null default now())`;

/** Says of an error in a statement what it was part of and, where it is known, the way out. */
async function explained(what: string, run: () => Promise<unknown>): Promise<void> {
  try {
    await run();
  } catch (error) {
    if (!(error instanceof DatabaseError)) throw error;
    const wayOut = waysOut[error.code ?? ''];
    // Busy or gone: told to whoever waits as any other failure of the database is.
    if (wayOut === undefined && databaseFailure(error) !== undefined) throw error;
    throw new MigrationError(`${what}: ${error.message}. ${wayOut ?? 'Start again when the cause is gone.'}`, { cause: error });
  }
}

const mayNot =
  'Let the user of DATABASE_URL make tables and extensions there, most simply as the owner: alter database <name> owner to <user>';
const noExtension = 'Install the modules that come with PostgreSQL (the package postgresql-contrib): pg_trgm and btree_gin are among them.';
const waysOut: Record<string, string> = {
  '42501': mayNot,
  '3F000': mayNot,
  '0A000': noExtension,
  '58P01': noExtension,
};

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
