import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';
import { openPool } from '../packages/server/src/database/connection.ts';
import { startEmbeddedPostgres } from '../packages/server/src/database/embedded/index.ts';
import { migrate } from '../packages/server/src/database/migrate.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** where the PostgreSQL of this run listens */
    postgres: { host: string; port: number; user: string };
  }
}

/**
 * One PostgreSQL for a whole run, with the migrated database `template` that each test file gets a copy of.
 * With TEST_DATABASE_URL it is that server instead (it must let its user create databases).
 */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const external = process.env.TEST_DATABASE_URL;
  if (external !== undefined) {
    const { hostname, port, username } = new URL(external);
    const server = { host: hostname, port: Number(port || 5432), user: username };
    await makeTemplate(server);
    project.provide('postgres', server);
    return async () => {};
  }
  const directory = await mkdtemp(join(tmpdir(), 'crosswalk-test-'));
  const postgres = await startEmbeddedPostgres({ dataDirectory: directory });
  if (!('host' in postgres.connection)) throw new Error('the embedded PostgreSQL listens on a socket');
  const { host, port, user } = postgres.connection;
  await makeTemplate({ host, port, user });
  project.provide('postgres', { host, port, user });
  return async () => {
    await postgres.stop();
    await rm(directory, { recursive: true, force: true });
  };
}

async function makeTemplate(server: { host: string; port: number; user: string }): Promise<void> {
  const admin = openPool({ ...server, database: 'postgres' });
  await admin.query('drop database if exists template_crosswalk');
  await admin.query('create database template_crosswalk');
  await admin.end();
  const pool = openPool({ ...server, database: 'template_crosswalk' });
  await migrate(pool);
  await pool.end();
}
