import { copyFile, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { migrate } from '../database/migrate.ts';
import { createTestDatabase, type TestDatabase } from '../testing.ts';

/** A database of the time before there were roles, as it is after the migration. */
const migrations = fileURLToPath(new URL('../database/migrations/', import.meta.url));
let database: TestDatabase;
let directory = '';

beforeAll(async () => {
  database = await createTestDatabase(undefined, 'empty');
  directory = await mkdtemp(join(tmpdir(), 'crosswalk-migrations-'));
  const files = (await readdir(migrations)).sort();
  const earlier = files.slice(
    0,
    files.findIndex((name) => name.endsWith('_roles.sql')),
  );
  for (const name of earlier) await copyFile(join(migrations, name), join(directory, name));
  await migrate(database.pool, pathToFileURL(`${directory}/`));
  await database.pool.query(`
    insert into environments (id, name) values (100, 'one'), (200, 'two');
    insert into organizations (environment_id, id, display_name) values (100, 1, 'O'), (200, 1, 'O');
    insert into users (environment_id, id, email, email_key) values (100, 1, 'a', 'a'), (100, 2, 'b', 'b'), (200, 1, 'a', 'a');
    insert into memberships (environment_id, id, organization_id, user_id, status, roles) values
      (100, 1, 1, 1, 'ACTIVE', '{admin,owner}'), (100, 2, 1, 2, 'ACTIVE', '{owner,auditor}'), (200, 1, 1, 1, 'ACTIVE', '{}')`);
  await migrate(database.pool);
});

afterAll(async () => {
  await database.drop();
  await rm(directory, { recursive: true, force: true });
});

test('each environment has its default roles, and each name that a membership has is a role', async () => {
  const { rows } = await database.pool.query(
    `select e.name as environment, r.name, r.display_name, r.id = e.default_creator_role_id as creator, r.id = e.default_member_role_id as member
     from environments e join roles r on r.environment_id = e.id where r.organization_id is null order by r.environment_id, r.id`,
  );
  expect(rows).toEqual([
    { environment: 'one', name: 'admin', display_name: 'Admin', creator: true, member: false },
    { environment: 'one', name: 'member', display_name: 'Member', creator: false, member: true },
    { environment: 'one', name: 'auditor', display_name: 'auditor', creator: false, member: false },
    { environment: 'one', name: 'owner', display_name: 'owner', creator: false, member: false },
    { environment: 'two', name: 'admin', display_name: 'Admin', creator: true, member: false },
    { environment: 'two', name: 'member', display_name: 'Member', creator: false, member: true },
  ]);
});

test('memberships are as they were', async () => {
  const { rows } = await database.pool.query('select roles, version from memberships order by environment_id, id');
  expect(rows).toEqual([
    { roles: ['admin', 'owner'], version: '1' },
    { roles: ['owner', 'auditor'], version: '1' },
    { roles: [], version: '1' },
  ]);
});

test('no environment is without default roles from now on', async () => {
  await expect(database.pool.query("insert into environments (id, name) values (300, 'three')")).rejects.toThrow(/not-null/);
});
