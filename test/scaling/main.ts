import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cp, mkdir, readdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { ScalekitClient } from '@scalekit-sdk/node';
import autocannon from 'autocannon';
import { Crosswalk } from '../../packages/sdk/src/index.ts';
import { onClose, runProgram } from '../../tools/programs/closers.ts';
import { seedOf, wholeNumber } from '../../tools/programs/command-line.ts';
import { credentialSettings, credentials, fetchToken } from '../../tools/programs/credentials.ts';
import { randomNumbers } from '../../tools/programs/random.ts';
import { machine, say } from '../../tools/programs/report.ts';
import { freePort, type ServerProcess, spawnServer } from '../server-process.ts';
import { temporaryDirectory } from '../temporary-directory.ts';
import { type Load, startLoad } from './load.ts';
import { findPrograms, ownDirectory, query, startHaproxy, startPgBouncer, startPrimary, startReplica } from './programs.ts';

const usage = `Tries more than one machine, on this one: three servers behind haproxy, PgBouncer in transaction mode, a primary and a streaming replica.

  npm run scaling [-- options]

  --reads N      reads of what was written just now, through the replica (3000)
  --workers N    clients at once (8)
  --seed N       of the random choices (another one each time)
  --json FILE    write the rows of the table to a file as well

Ends with status 1 when a promise is broken. Takes Debian's haproxy, pgbouncer and postgresql.`;

interface Row {
  name: string;
  figure: number | string;
  unit: string;
  /** undefined: only measured */
  holds: boolean | undefined;
}
const rows: Row[] = [];
const note = (name: string, figure: number | string, unit: string, holds?: boolean) => {
  rows.push({ name, figure, unit, holds });
  say(`${holds === undefined ? '     ' : holds ? 'ok   ' : 'FAIL '}${name}: ${figure} ${unit}`);
};

await runProgram(async () => {
  const { values } = parseArgs({
    options: {
      json: { type: 'string' },
      seed: { type: 'string' },
      reads: { type: 'string' },
      workers: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return say(usage);
  const seed = seedOf(values.seed);
  const settings = {
    reads: wholeNumber('--reads', values.reads, 3_000, 1_000_000),
    workers: wholeNumber('--workers', values.workers, 8, 1_000),
    random: randomNumbers(seed),
    programs: await findPrograms(),
  };
  say(`seed ${seed}`);
  try {
    await experiment(settings);
  } catch (error) {
    console.error(error);
    note('the experiment ended early', String(error).slice(0, 200), '', false);
  }
  if (values.json !== undefined) await writeFile(values.json, `${JSON.stringify({ seed, rows }, undefined, 2)}\n`);
  const broken = rows.filter(({ holds }) => holds === false);
  say(`\n${rows.length} rows, ${broken.length} broken; ${machine()}`);
  if (broken.length > 0) process.exitCode = 1;
});

/** Notes that a program ends with the experiment, by a signal, unless it has ended before. */
function keepProgram<P extends { child: ChildProcess; end(signal: NodeJS.Signals): Promise<unknown> }>(
  program: P,
  signal: NodeJS.Signals,
): P {
  onClose(async () => {
    if (program.child.exitCode === null && program.child.signalCode === null) await program.end(signal);
  });
  return program;
}

/** What asks a database: one statement, the text of its first column. */
type Ask = (sql: string) => Promise<string>;

/** What a load found, in rows: nothing failed, and nothing that was acknowledged is missing. */
async function judge(what: string, load: Load, ask: Ask, { failures = true } = {}): Promise<void> {
  const failed = [...load.failed.values()].reduce((sum, count) => sum + count, 0);
  note(`${what}: requests`, load.done, 'answered');
  if (failures) note(`${what}: failed requests`, failed, 'requests', failed === 0);
  else note(`${what}: answers that a client repeats`, failed, 'answers');
  for (const [failure, count] of [...load.failed].slice(0, 8)) say(`       ${count} x ${failure}`);
  note(`${what}: longest request`, Math.round(load.longest), 'ms');
  const found = new Set((await ask('select external_id from organizations where external_id is not null')).split('\n'));
  const lost = load.acknowledged.filter((externalId) => !found.has(externalId));
  note(`${what}: look-ups that missed an acknowledged change`, load.behind.length, 'look-ups', load.behind.length === 0);
  note(`${what}: acknowledged writes lost`, lost.length, `of ${load.acknowledged.length}`, lost.length === 0);
  const events = Number(
    await ask(
      `select count(*) from organizations o where (select count(*) from events e where e.environment_id = o.environment_id and e.record_id = o.id) <> o.version`,
    ).catch(() => '-1'),
  );
  note(`${what}: records whose events are not one for each version`, events, 'records', events === 0);
}

/** A copy of the built server with one migration more, as a later version has. */
async function makeLaterVersion(directory: string): Promise<string> {
  const root = fileURLToPath(new URL('../..', import.meta.url));
  const later = join(directory, 'later', 'packages', 'server');
  await mkdir(later, { recursive: true });
  await symlink(join(root, 'node_modules'), join(directory, 'later', 'node_modules'));
  for (const part of ['dist', 'src/database/migrations', 'package.json'])
    await cp(join(root, 'packages/server', part), join(later, part), { recursive: true });
  const migrations = join(later, 'src/database/migrations');
  const number = String((await readdir(migrations)).filter((name) => name.endsWith('.sql')).length + 1).padStart(3, '0');
  // What an upgrade may do beside servers that serve: a column with a default, an index, and time.
  await writeFile(
    join(migrations, `${number}_later.sql`),
    `alter table organizations add column of_later_version text not null default '';
     create table of_later_version (environment_id bigint, id bigint, primary key (environment_id, id));
     select pg_sleep(1);`,
  );
  return join(later, 'dist/start.js');
}

interface ExperimentSettings {
  /** of what was written just now, for each way to read */
  reads: number;
  workers: number;
  /** whole numbers from 1 to a maximum */
  random: (max: number) => number;
  /** where those of PostgreSQL are */
  programs: string;
}

/** Does all of it, and notes what came of it. What it starts ends with the program. */
async function experiment({ reads: wantedReads, workers, random, programs }: ExperimentSettings): Promise<void> {
  const directory = await temporaryDirectory('crosswalk-scaling-');
  onClose(directory.remove);
  const home = await ownDirectory(join(directory.path, 'home'));
  const primary = keepProgram(await startPrimary(programs, home), 'SIGINT');
  const replica = keepProgram(await startReplica(programs, home, primary), 'SIGINT');
  const ports = [await freePort(), await freePort(), await freePort()];
  const haproxy = keepProgram(await startHaproxy(home, ports, [primary.port, replica.port]), 'SIGTERM');
  const pgbouncer = keepProgram(await startPgBouncer(home, haproxy.primaryPort), 'SIGINT');
  const url = `http://127.0.0.1:${haproxy.port}`;
  const settings = {
    DATABASE_URL: `postgres://app@127.0.0.1:${pgbouncer.port}/app`,
    DATABASE_POOLER: 'transaction',
    DATABASE_READ_URL: `postgres://app@127.0.0.1:${replica.port}/app`,
    CROSSWALK_SECRET_KEY: 'a secret key that is only for the experiment',
    CROSSWALK_PUBLIC_URL: url,
    CROSSWALK_RATE_LIMIT: '0',
    CROSSWALK_DRAIN_SECONDS: '2',
    ...credentialSettings,
  };
  const startServer = async (port: number | undefined, program?: string): Promise<ServerProcess> => {
    const server = keepProgram(await spawnServer({ ...settings, PORT: String(port) }, program === undefined ? {} : { program }), 'SIGTERM');
    await server.printed('Crosswalk is listening');
    return server;
  };
  // haproxy takes every database for a primary until its first check.
  await sleep(5_000);
  const servers = await Promise.all(ports.map((port) => startServer(port)));
  note('servers that start together through PgBouncer', servers.length, 'servers', true);
  await sleep(1_500);
  const ask: Ask = (sql) => query(programs, primary.port, sql);

  // Reads from the replica, which is asynchronous so far.
  const replicaReads = async () => {
    await sleep(1_200);
    return Number(await query(programs, replica.port, "select xact_commit from pg_stat_database where datname = 'app'"));
  };
  for (const how of ['token', 'any'] as const) {
    const before = await replicaReads();
    let [reads, missed] = [0, 0];
    const writers = Array.from({ length: workers }, async (_, worker) => {
      const crosswalk = new Crosswalk(url, credentials.id, credentials.secret, {
        reads: 'replica',
        fetch: (input, init) =>
          fetch(
            input,
            how === 'token' || init?.method !== 'GET'
              ? init
              : { ...init, headers: { ...init.headers, 'crosswalk-consistency-token': 'any' } },
          ),
      });
      const external = `READ-${how}-${worker}`;
      await crosswalk.organization.create({ display_name: external, external_id: external, metadata: { n: 0 } });
      for (let n = 1; reads < wantedReads; n += 1) {
        await crosswalk.organization.updateByExternalId(external, { metadata: { n } });
        if (random(2) === 1) await sleep(random(5));
        const found = await crosswalk.organization.getByExternalId(external);
        reads += 1;
        if (found?.metadata.n !== n) missed += 1;
      }
    });
    await Promise.all(writers);
    const done = (await replicaReads()) - before;
    if (how === 'token') note('reads with the token that missed an own write', missed, `of ${reads}`, missed === 0);
    else note('reads of whatever the replica has that missed an own write', Math.round((missed / reads) * 1000) / 10, `% of ${reads}`);
    note(`statements that the replica did meanwhile (${how})`, done, 'statements', how === 'token' ? done > 0 : undefined);
  }

  // The demo, through haproxy and PgBouncer.
  const root = fileURLToPath(new URL('../..', import.meta.url));
  const demo = spawn(process.execPath, ['--import', 'tsx', 'demo/main.ts'], {
    cwd: root,
    env: { ...process.env, ...credentialSettings, CROSSWALK_ENVIRONMENT_URL: url },
    stdio: 'ignore',
  });
  const [demoStatus] = await once(demo, 'close');
  note('the demo over all of this ends with status', Number(demoStatus), '', demoStatus === 0);

  // gRPC by a client of Scalekit's, which ends its own tries.
  const scalekit = new ScalekitClient(url, credentials.id, credentials.secret);
  const { organizations } = await scalekit.organization.listOrganization({ pageSize: 10 });
  note('organizations that a client of Scalekit lists over gRPC', organizations.length, 'of 10', organizations.length === 10);

  // Look-ups by one, two and all servers, in turns.
  const token = await fetchToken(url);
  const rates: number[][] = ports.map(() => []);
  for (let turn = 0; turn < 3; turn += 1) {
    for (const [more] of ports.entries()) {
      const used = ports.slice(0, more + 1);
      const results = await Promise.all(
        used.map((port) =>
          autocannon({
            url: `http://127.0.0.1:${port}`,
            connections: Math.round(24 / used.length),
            duration: 3,
            sampleInt: 100,
            bailout: 1,
            setupClient: (client) =>
              client.setRequests([{ path: '/api/v1/organizations:external/READ-token-0', headers: { authorization: `Bearer ${token}` } }]),
          }),
        ),
      );
      rates[more]?.push(results.reduce((sum, result) => sum + (result.statusCodeStats['200']?.count ?? 0), 0));
    }
  }
  const [alone = 1, ...together] = rates.map((ofTurns) => ofTurns.sort((a, b) => a - b)[1] ?? 0);
  for (const [index, rate] of together.entries()) {
    note(`look-ups by ${index + 2} servers to those by one`, Math.round((rate / alone) * 100) / 100, 'times');
  }

  // A restart of every server, one after another.
  const rolling = await startLoad(url, { workers });
  await sleep(2_000);
  for (const [index, port] of ports.entries()) {
    await servers[index]?.end('SIGTERM');
    servers[index] = await startServer(port);
    await sleep(1_500);
  }
  await rolling.stop();
  await judge('rolling restart', rolling, ask);

  // An upgrade: two servers of a later version at once, then the third.
  const later = await makeLaterVersion(directory.path);
  const upgrade = await startLoad(url, { workers });
  await sleep(1_000);
  const upgraded: ServerProcess[] = [];
  for (const batch of [[0, 1], [2]]) {
    await Promise.all(batch.map((index) => servers[index]?.end('SIGTERM')));
    const started = await Promise.all(batch.map((index) => startServer(ports[index], later)));
    upgraded.push(...started);
    await sleep(1_500);
  }
  await upgrade.stop();
  await judge('upgrade', upgrade, ask);
  const migrated = upgraded.filter((server) => server.output().includes('Applied migration')).length;
  note('upgrade: servers that ran the migration', migrated, 'servers', migrated === 1);

  // The primary dies; the replica, which has every commit that was acknowledged, takes over.
  for (const setting of ["synchronous_standby_names = '*'", 'synchronous_commit = remote_apply']) await ask(`alter system set ${setting}`);
  await ask('select pg_reload_conf()');
  await sleep(1_000);
  const failover = await startLoad(url, { workers, retry: true });
  await sleep(3_000 + random(2_000));
  await primary.end('SIGQUIT');
  const begin = performance.now();
  await query(programs, replica.port, 'select pg_promote()');
  const goal = failover.done + 50;
  while (failover.done < goal && performance.now() - begin < 60_000) await sleep(20);
  note('promotion: served again after', Math.round(performance.now() - begin), 'ms', failover.done >= goal);
  await sleep(3_000);
  await failover.stop();
  await judge('promotion', failover, (sql) => query(programs, replica.port, sql), { failures: false });

  for (const server of upgraded) {
    const status = await server.end('SIGTERM');
    note('a server stops with status', String(status), '', status === 0);
  }
}
