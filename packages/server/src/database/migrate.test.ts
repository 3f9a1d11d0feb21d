import { copyFile, mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type pg from 'pg';
import { afterAll, beforeAll, beforeEach, expect, inject, test, vi } from 'vitest';
import { type TemporaryDirectory, temporaryDirectory } from '../../../../test/temporary-directory.ts';
import { asUser, onDatabase, runOn } from '../testing.ts';
import { openPool } from './connection.ts';
import { MigrationError, migrate, unsuitable } from './migrate.ts';

// PostgreSQL takes long to start on a busy machine, and to copy a database.
vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

const released = new URL('migrations/', import.meta.url);
const names = (await readdir(released)).sort();
const database = `migrate_${process.pid}`;

let directory: TemporaryDirectory;
/** The migrations of a version of the server, which a test may change. */
let migrations: URL;
let pool: pg.Pool;

beforeAll(async () => {
  directory = await temporaryDirectory('crosswalk-migrate-');
});

beforeEach(async () => {
  await pool?.end();
  await runOn(inject('postgres').server, `drop database if exists ${database} with (force)`);
  await runOn(inject('postgres').server, `create database ${database}`);
  pool = openPool(onDatabase(inject('postgres').server, database));
  const path = join(directory.path, 'migrations');
  await rm(path, { recursive: true, force: true });
  await mkdir(path);
  migrations = pathToFileURL(`${path}/`);
});

afterAll(async () => {
  await pool.end();
  await runOn(inject('postgres').server, `drop database ${database} with (force)`);
  await directory.remove();
});

async function addMigration(name: string, sql: string): Promise<void> {
  await writeFile(new URL(name, migrations), sql);
}

async function column(sql: string): Promise<unknown[]> {
  const { rows } = await pool.query({ text: sql, rowMode: 'array' });
  return rows.map(([value]) => value);
}

const applied = () => column('select name from schema_migrations order by number');

/** The message of a refusal; any other error is none. */
async function refusal(): Promise<string> {
  return migrate(pool, migrations).then(
    () => 'not refused',
    (error: unknown) => (error instanceof MigrationError ? error.message : `not explained: ${error}`),
  );
}

test('each migration is applied once, in the order of their numbers', async () => {
  await addMigration('001_first.sql', 'create table steps (n integer); insert into steps values (1)');
  await addMigration('002_second.sql', 'insert into steps select max(n) + 1 from steps');
  expect(await migrate(pool, migrations)).toEqual(['001_first.sql', '002_second.sql']);
  await addMigration('003_third.sql', 'insert into steps select max(n) + 1 from steps');
  expect(await migrate(pool, migrations)).toEqual(['003_third.sql']);
  expect(await migrate(pool, migrations)).toEqual([]);
  expect(await column('select n from steps order by n')).toEqual([1, 2, 3]);
  expect(await applied()).toEqual(['001_first.sql', '002_second.sql', '003_third.sql']);
});

test('eight servers that start together on an empty database apply each migration once', async () => {
  const pools = Array.from({ length: 8 }, () => openPool(onDatabase(inject('postgres').server, database)));
  const runs = await Promise.all(pools.map((one) => migrate(one)));
  expect(runs.flat().sort()).toEqual(names);
  expect(await applied()).toEqual(names);
  for (const one of pools) await one.end();
});

test('a database with a newer schema is refused: it says which versions fit', async () => {
  await addMigration('001_first.sql', 'select 1');
  await addMigration('002_newer.sql', 'select 1');
  await migrate(pool, migrations);
  await rm(new URL('002_newer.sql', migrations));
  expect(await refusal()).toBe(
    'The database has schema 2 (002_newer.sql), this server knows schemas up to 1. A newer Crosswalk has used this database: ' +
      'start that version or a later one, or restore a backup made before the upgrade.',
  );
});

test('a migration that was edited after it was applied is refused, and those behind it are not applied', async () => {
  await addMigration('001_first.sql', 'select 1');
  await migrate(pool, migrations);
  await addMigration('001_first.sql', 'select 2');
  await addMigration('002_second.sql', 'create table never ()');
  expect(await refusal()).toBe(
    'Migration 001_first.sql was applied to this database in another form than this server has. ' +
      'The database belongs to a different build of Crosswalk: use that build, or another database.',
  );
  expect(await column("select to_regclass('never')")).toEqual([null]);
});

test('a migration that fails leaves nothing half done, keeps those before it, and is applied by the next start', async () => {
  await addMigration('001_first.sql', 'create table kept ()');
  await addMigration('002_fails.sql', 'create table half (); insert into kept_elsewhere values (1)');
  expect(await refusal()).toBe(
    'Migration 002_fails.sql failed and nothing of it was applied: relation "kept_elsewhere" does not exist. Start again when the cause is gone.',
  );
  expect(await applied()).toEqual(['001_first.sql']);
  expect(await column("select to_regclass('half')")).toEqual([null]);
  expect(await column("select to_regclass('kept')::text")).toEqual(['kept']);
  await pool.query('create table kept_elsewhere (n integer)');
  expect(await migrate(pool, migrations)).toEqual(['002_fails.sql']);
});

test('a server that dies in the middle of a migration leaves nothing half done, and whoever waits for it goes on', async () => {
  await copyFile(new URL('001_directory.sql', released), new URL('001_directory.sql', migrations));
  await migrate(pool, migrations);
  await addMigration('002_slow.sql', 'create table slow (); select pg_sleep(0.2) from generate_series(1, 1000000)');
  const dying = openPool(onDatabase(inject('postgres').server, database));
  const death = migrate(dying, migrations).catch((error: Error) => error.message);
  const backend = "from pg_stat_activity where datname = current_database() and query like '%pg_sleep%' and pid <> pg_backend_pid()";
  while ((await column(`select pid ${backend}`)).length === 0);
  await addMigration('002_slow.sql', 'create table slow ()');
  const waiting = migrate(pool, migrations);
  await column(`select pg_terminate_backend(pid) ${backend}`);
  expect(await death).toMatch(/terminat/);
  expect(await waiting).toEqual(['002_slow.sql']);
  await dying.end();
});

test('a user who may not make tables or extensions is told which right is missing', async () => {
  const role = `reader_${process.pid}`;
  await pool.query(`create role ${role} login password 'only for tests'`);
  const reader = openPool(asUser(onDatabase(inject('postgres').server, database), role, 'only for tests'));
  await expect(migrate(reader)).rejects.toThrow(
    /^The schema of Crosswalk cannot be set up: permission denied for schema public\. Let the user of DATABASE_URL make tables .*owner to <user>$/,
  );
  await reader.end();
  await pool.query(`drop role ${role}`);
});

test('a database that cannot hold the data is refused before anything is written', async () => {
  await pool.query(`create database ${database}_latin encoding 'LATIN1' locale 'C' template template0`);
  const latin = openPool(onDatabase(inject('postgres').server, `${database}_latin`));
  await expect(migrate(latin)).rejects.toThrow(
    /^The database has the encoding LATIN1, .*; Crosswalk needs UTF8\. Make one with: create database crosswalk encoding 'UTF8' template template0$/,
  );
  const { rows } = await latin.query("select to_regclass('schema_migrations') as found");
  expect(rows).toEqual([{ found: null }]);
  await latin.end();
  await pool.query(`drop database ${database}_latin`);
});

test.each([
  [{ server_version_num: '140011', server_version: '14.11' }, 'The database is PostgreSQL 14.11; Crosswalk needs PostgreSQL 15 or later.'],
  [{ datestyle: 'German, DMY' }, /writes times in the style German, DMY; Crosswalk reads ISO\. Set it for its user with: alter role/],
  [{}, undefined],
])('of a database with %j it says what to do', (difference, problem) => {
  const suitable = { server_version_num: '150000', server_version: '15.0', server_encoding: 'UTF8', datestyle: 'ISO, MDY' };
  const said = unsuitable({ ...suitable, ...difference });
  if (problem === undefined) expect(said).toBeUndefined();
  else expect(said).toMatch(problem);
});
