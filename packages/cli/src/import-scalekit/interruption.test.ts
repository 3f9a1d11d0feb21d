import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { useTestServer } from '../../../server/src/testing.ts';
import { environmentOf, portraitOf, runImport, type TestEnvironment, variablesOf } from './testing.ts';

const [scalekit, crosswalk] = [useTestServer(), useTestServer()];
const program = fileURLToPath(new URL('../../dist/main.js', import.meta.url));

let directory = '';
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'crosswalk-import-'));
});
afterAll(() => rm(directory, { recursive: true, force: true }));

let environments = 0;
/** An environment to import into, and a state file of its own. */
async function newTarget(): Promise<{ target: TestEnvironment; state: string }> {
  environments += 1;
  const target = environmentOf(crosswalk.url, await crosswalk.addEnvironment(`target-${environments}`));
  return { target, state: join(directory, `state-${environments}.json`) };
}

/** A source with organizations and users, each member of one organization but for those beyond `members`; written at once. */
async function newSource(size: { organizations: number; users: number; members: number }): Promise<TestEnvironment> {
  environments += 1;
  const client = await scalekit.addEnvironment(`source-${environments}`);
  const { pool } = scalekit.database;
  for (const [table, kind, extra, values, count] of [
    ['organizations', 'organization', 'region_code, display_name', "'US', 'Customer ' || n", size.organizations],
    ['users', 'user', 'email, email_key', "'u' || n || '@example.com', 'u' || n || '@example.com'", size.users],
  ] as const) {
    await pool.query(
      `with made as (
         insert into ${table} (environment_id, id, ${extra}, external_id, metadata)
         select $1, 1000000 + n, ${values}, 'EXT-' || n, jsonb_build_object('number', n::text) from generate_series(1, ${count}) n
         returning id, external_id)
       insert into external_ids (environment_id, kind, system, value, record_id) select $1::bigint, '${kind}', '', external_id, id from made`,
      [client.environmentId],
    );
  }
  await pool.query(
    `insert into memberships (environment_id, id, organization_id, user_id, status, roles, metadata)
     select $1, 3000000 + n, 1000001 + n % ${size.organizations}, 1000000 + n, 'ACTIVE', array['member'], '{"desk": "A7"}'
     from generate_series(1, ${size.members}) n`,
    [client.environmentId],
  );
  return environmentOf(scalekit.url, client);
}

const users = inject('long') ? 2000 : 450;
test(`${users} users over many pages arrive`, async () => {
  const source = await newSource({ organizations: 120, users, members: 150 });
  const { target, state } = await newTarget();
  const { status, err, summary } = await runImport(variablesOf(source, target), '--state', state);
  expect(status, err).toBe(0);
  expect([summary.counts.organizations.created, summary.counts.users.created, summary.counts.memberships.created]).toEqual([
    120,
    users,
    150,
  ]);
  expect(await portraitOf(target, 'target')).toEqual(await portraitOf(source, 'source'));
}, 240_000);

describe('an import that is interrupted', { timeout: 120_000 }, () => {
  let source: TestEnvironment;
  let clean: Awaited<ReturnType<typeof portraitOf>>;
  beforeAll(async () => {
    source = await newSource({ organizations: 20, users: 230, members: 100 });
    clean = await portraitOf(source, 'source');
  });

  /** The built command as a process. `ended` resolves when it is gone. */
  function start(target: TestEnvironment, state: string) {
    const child = spawn(process.execPath, [program, 'import', 'scalekit', '--json', '--state', state], {
      env: { PATH: process.env.PATH, ...variablesOf(source, target) },
      cwd: directory,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const printed = { out: '', err: '' };
    child.stdout.on('data', (chunk: Buffer) => {
      printed.out += chunk.toString();
    });
    child.stderr.on('data', (chunk: Buffer) => {
      printed.err += chunk.toString();
    });
    return { child, printed, ended: once(child, 'close') };
  }

  /** How many changes an environment has seen. */
  async function changesOf({ client }: TestEnvironment): Promise<number> {
    const { rows } = await crosswalk.database.pool.query('select count(*)::int as count from events where environment_id = $1', [
      client.environmentId,
    ]);
    return rows[0].count;
  }

  /** Waits until an environment has seen this many more changes; tells whether that came before `ended`. */
  async function changed(target: TestEnvironment, more: number, ended: Promise<unknown>): Promise<boolean> {
    const wanted = (await changesOf(target)) + more;
    let over = false;
    ended.then(() => {
      over = true;
    });
    while (!over && (await changesOf(target)) < wanted) await pause(5);
    return !over;
  }

  test('by kill -9 at random moments ends, started again, as one that was not', async () => {
    const { target, state } = await newTarget();
    const moments = Array.from({ length: 3 }, () => 1 + Math.floor(Math.random() * 80));
    for (const moment of moments) {
      const { child, printed, ended } = start(target, state);
      const inTime = await changed(target, moment, ended);
      child.kill('SIGKILL');
      await ended;
      expect(inTime, `killed after ${moments} changes: ${printed.err}`).toBe(true);
    }
    const last = start(target, state);
    await last.ended;
    expect(last.child.exitCode, `killed after ${moments} changes: ${last.printed.err}`).toBe(0);
    expect(JSON.parse(last.printed.out)).toMatchObject({ conflicts_total: 0, counts: { users: { conflicts: 0 } } });
    expect(await portraitOf(target, 'target')).toEqual(clean);
    expect(await changesOf(target)).toBe(20 + 230 + 100);
    expect([existsSync(state), existsSync(`${state}.tmp`)]).toEqual([false, false]);
  });

  test('by Ctrl-C finishes what is in flight, tells how to go on, and goes on from there', async () => {
    const { target, state } = await newTarget();
    for (const [moment, signals] of [
      [10, ['SIGINT']],
      // npm passes the signal on that the terminal has sent already.
      [130, ['SIGINT', 'SIGINT']],
    ] as const) {
      const { child, printed, ended } = start(target, state);
      await changed(target, moment, ended);
      for (const signal of signals) child.kill(signal);
      await ended;
      expect(child.exitCode, printed.err).toBe(130);
      expect(printed.err).toContain('Finishing the records in flight; Ctrl-C again ends at once');
      expect(printed.err).toContain(`${state} keeps how far it is: the same command goes on from there`);
      expect(printed.out).toBe('');
    }
    const saved = JSON.parse(await readFile(state, 'utf8'));
    expect([saved.phase, saved.page_token]).toEqual(['users', expect.stringMatching(/./)]);
    expect(JSON.stringify(saved)).not.toContain(source.client.clientSecret);
    const last = start(target, state);
    await last.ended;
    expect(last.child.exitCode, last.printed.err).toBe(0);
    expect(last.printed.err).toContain(`Going on where ${state} says: at users`);
    expect(await portraitOf(target, 'target')).toEqual(clean);
    expect(await changesOf(target)).toBe(20 + 230 + 100);
    const { organizations, users } = JSON.parse(last.printed.out).counts;
    expect([organizations.created + organizations.unchanged, users.created + users.unchanged]).toEqual([20, 230]);
  });

  test('by a second Ctrl-C ends at once, whatever is in flight', async () => {
    const { target, state } = await newTarget();
    const blocker = await crosswalk.database.pool.connect();
    try {
      await blocker.query('begin');
      await blocker.query('lock table organizations in exclusive mode');
      const { child, printed, ended } = start(target, state);
      const waiting = "select from pg_locks where relation = 'organizations'::regclass and not granted";
      while ((await crosswalk.database.pool.query(waiting)).rowCount === 0) await pause(20);
      child.kill('SIGINT');
      while (!printed.err.includes('Finishing')) await pause(20);
      await pause(500);
      child.kill('SIGINT');
      await ended;
      expect(child.exitCode).toBe(130);
    } finally {
      await blocker.query('rollback');
      blocker.release();
    }
  });

  test('is not taken for another: the state of another source, target or kind of import is refused with the way out', async () => {
    const { target, state } = await newTarget();
    const identity = {
      source: { url: source.url, client_id: source.client.clientId },
      target: { url: target.url, environment_id: `env_${target.client.environmentId}` },
      invitations: false,
    };
    const { child, ended } = start(target, state);
    await changed(target, 5, ended);
    child.kill('SIGKILL');
    await ended;
    const saved = JSON.parse(await readFile(state, 'utf8'));
    expect(saved).toMatchObject(identity);
    for (const [other, message] of [
      [{ source: { ...identity.source, url: 'https://other.scalekit.com' } }, 'from https://other.scalekit.com, not'],
      [{ source: { ...identity.source, client_id: 'skc_7' } }, 'with the client skc_7, not'],
      [{ target: { ...identity.target, environment_id: 'env_7' } }, 'into env_7 at'],
      [{ invitations: true }, 'with --invitations'],
    ] as const) {
      await writeFile(state, JSON.stringify({ ...saved, ...other }));
      const { status, err } = await runImport(variablesOf(source, target), '--state', state);
      expect(status).toBe(2);
      expect(err).toContain(`is the state of another import: ${message}`);
      expect(err).toContain('name another file with --state, or remove it to begin anew');
    }
    for (const text of ['', '{', '{}', '[]', JSON.stringify({ ...saved, phase: 'x' }), JSON.stringify({ ...saved, tally: {} })]) {
      await writeFile(state, text);
      const { status, err } = await runImport(variablesOf(source, target), '--state', state);
      expect([status, err]).toEqual([2, expect.stringContaining('is not the state of an import')]);
      expect(await readFile(state, 'utf8')).toBe(text);
    }
    const unwritable = await runImport(variablesOf(source, target), '--state', join(directory, 'no', 'such', 'place.json'));
    expect([unwritable.status, unwritable.err]).toEqual([1, expect.stringContaining('cannot be kept')]);
  });

  test('and whose page Scalekit does not know any more begins its part anew', async () => {
    const { target, state } = await newTarget();
    const { child, ended } = start(target, state);
    await changed(target, 130, ended);
    child.kill('SIGKILL');
    await ended;
    const saved = JSON.parse(await readFile(state, 'utf8'));
    expect(saved.phase).toBe('users');
    await writeFile(state, JSON.stringify({ ...saved, page_token: 'expired' }));
    const { status, err, summary } = await runImport(variablesOf(source, target), '--state', state);
    expect(status, err).toBe(0);
    expect(err).toContain('Scalekit does not know the page of users any more: they begin anew');
    expect(summary.counts.users.created + summary.counts.users.unchanged).toBe(230);
    expect(await portraitOf(target, 'target')).toEqual(clean);
  });
});
