import { randomBytes } from 'node:crypto';
import type { TestProject } from 'vitest/node';
import { type ConnectionOptions, openPool } from '../packages/server/src/database/connection.ts';
import { startEmbeddedPostgres } from '../packages/server/src/database/embedded/index.ts';
import { migrate } from '../packages/server/src/database/migrate.ts';
import { onDatabase, runOn } from '../packages/server/src/testing.ts';
import { temporaryDirectory } from './temporary-directory.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** the PostgreSQL of this run, as its superuser, and the migrated database that each test file gets a copy of */
    postgres: { server: ConnectionOptions; template: string };
    /** whether the tests that have a long form take it: `npm run test:long` */
    long: boolean;
    /** of the properties: the seed of what is generated, and how often each is tried, where `npm run inputs` says so */
    inputs: { seed?: number; runs?: number };
  }
}

/**
 * One PostgreSQL for a whole run. With TEST_DATABASE_URL it is that server instead: any URL that DATABASE_URL
 * could be, of a user who may create databases and roles.
 */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  project.provide('long', process.env.TEST_LONG === '1');
  const { INPUTS_SEED: seed, INPUTS_RUNS: runs } = process.env;
  project.provide('inputs', { ...(seed ? { seed: Number(seed) } : {}), ...(runs ? { runs: Number(runs) } : {}) });
  const external = process.env.TEST_DATABASE_URL;
  if (external !== undefined && external !== '') {
    const { template, drop } = await makeTemplate({ connectionString: external });
    project.provide('postgres', { server: { connectionString: external }, template });
    return drop;
  }
  const directory = await temporaryDirectory('crosswalk-test-');
  const postgres = await startEmbeddedPostgres({ dataDirectory: directory.path });
  await relax(postgres.connection);
  const { template } = await makeTemplate(postgres.connection);
  project.provide('postgres', { server: postgres.connection, template });
  return async () => {
    await postgres.stop();
    await directory.remove();
  };
}

/**
 * Nothing of this server outlives the run, so it need not wait for the disk. What is killed in the tests has a PostgreSQL of its own, as
 * it comes.
 */
async function relax(server: ConnectionOptions): Promise<void> {
  for (const setting of ['fsync', 'full_page_writes', 'synchronous_commit']) await runOn(server, `alter system set ${setting} = off`);
  await runOn(server, 'select pg_reload_conf()');
}

/** Named at random, so that several runs may share one server. */
async function makeTemplate(server: ConnectionOptions): Promise<{ template: string; drop: () => Promise<void> }> {
  const template = `template_${randomBytes(8).toString('hex')}`;
  await runOn(server, `create database ${template}`);
  const pool = openPool(onDatabase(server, template));
  await migrate(pool);
  await pool.end();
  return { template, drop: () => runOn(server, `drop database ${template} with (force)`) };
}
