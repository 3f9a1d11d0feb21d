import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chmod, cp, lstat, mkdir, readdir, readFile, rename, rm, stat, symlink, truncate, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, expect, test, vi } from 'vitest';
import { type TemporaryDirectory, temporaryDirectory } from '../../../../../test/temporary-directory.ts';
import { connectTo } from '../../testing.ts';
import { findBinaries, packageDirectory } from './binaries.ts';
import { type EmbeddedPostgres, type EmbeddedPostgresOptions, startEmbeddedPostgres } from './embedded-postgres.ts';

// PostgreSQL takes long to start on a busy machine, and to copy a database.
vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

/** Most of what is promised concerns root, as whom PostgreSQL does not run. As anyone else it runs as ourselves. */
const root = process.getuid?.() === 0;
const [nobody = Number.NaN, nogroup = Number.NaN] = ['-u', '-g'].map((flag) => Number(execFileSync('id', [flag, 'nobody'])));
const postgresUser = root ? nobody : process.getuid?.();

const directories: TemporaryDirectory[] = [];
const running: EmbeddedPostgres[] = [];
afterAll(async () => {
  for (const postgres of running) await postgres.stop();
  for (const directory of directories) await directory.remove();
});

async function makeDirectory(): Promise<string> {
  const directory = await temporaryDirectory('crosswalk-engine-');
  directories.push(directory);
  return directory.path;
}

const system = join(await makeDirectory(), 'system');

/** Starts it and keeps what it tells. */
async function start(dataDirectory: string, options: Partial<EmbeddedPostgresOptions> = {}) {
  const told: string[] = [];
  const postgres = await startEmbeddedPostgres({
    dataDirectory,
    systemDirectory: system,
    onProgress: (line) => told.push(line),
    ...options,
  });
  running.push(postgres);
  return { ...postgres, told };
}

/** What a start says that is refused. */
async function refusal(dataDirectory: string): Promise<string> {
  return start(dataDirectory).then(
    () => 'started',
    (error: Error) => `${error.name}: ${error.message}`,
  );
}

async function query(postgres: EmbeddedPostgres, sql: string): Promise<unknown[]> {
  const client = await connectTo(postgres.connection);
  const { rows } = await client.query({ text: sql, rowMode: 'array' }).finally(() => client.end());
  return rows.map(([value]) => value);
}

async function postmasterOf(cluster: string): Promise<number> {
  return Number((await readFile(join(cluster, 'postmaster.pid'), 'utf8')).split('\n')[0]);
}

/** A directory with a cluster in it, which the tests below share one after another; it has one row to lose. */
const base = join(await makeDirectory(), 'data');

test('PostgreSQL runs as a user without rights, who owns its directory alone', async () => {
  const postgres = await start(base);
  expect(postgres.told).toEqual([`Setting up PostgreSQL in ${join(base, 'postgres')}`]);
  await query(postgres, "create table kept as select 'the row' as what");
  const { uid, mode } = await stat(join(base, 'postgres'));
  expect([uid, mode & 0o777]).toEqual([postgresUser, 0o700]);
  const pid = await postmasterOf(join(base, 'postgres'));
  expect(Number(execFileSync('ps', ['-o', 'uid=', '-p', String(pid)]))).toBe(postgresUser);
  await postgres.stop();
  expect(() => process.kill(pid, 0)).toThrow('ESRCH');
});

test('its socket is for its own user, and a later start has the same data', async () => {
  const postgres = await start(base);
  expect(postgres.told).toEqual([]);
  expect((await stat(join(base, 'socket'))).mode & 0o777).toBe(0o700);
  expect(await query(postgres, 'select what from kept')).toEqual(['the row']);
  expect(await query(postgres, 'show listen_addresses')).toEqual(['']);
  await postgres.stop();
});

test('one directory has one owner in a process too, and the refused start ends nothing of the first', async () => {
  const postgres = await start(base);
  expect(await refusal(base)).toMatch(new RegExp(`^EmbeddedPostgresError: Another Crosswalk server \\(process ${process.pid}\\) uses`));
  expect(await query(postgres, 'select what from kept')).toEqual(['the row']);
  await postgres.stop();
});

test('when a process of PostgreSQL crashes the directory is owned again as soon as it has recovered', async () => {
  const postgres = await start(base);
  const pid = await postmasterOf(join(base, 'postgres'));
  const [backend] = await query(postgres, "select pid from pg_stat_activity where backend_type = 'walwriter'");
  process.kill(Number(backend), 'SIGKILL');
  const owners = () => query(postgres, "select count(*)::int from pg_locks where locktype = 'advisory'").catch(() => undefined);
  for (let seen: unknown[] | undefined; seen?.[0] !== 1; seen = await owners());
  expect(await refusal(base)).toContain('Another Crosswalk server');
  expect(await postmasterOf(join(base, 'postgres'))).toBe(pid);
  expect(await query(postgres, 'select what from kept')).toEqual(['the row']);
  await postgres.stop();
});

test('one that somebody else shuts down is started again as soon as it is gone, however long its last checkpoint takes', async () => {
  const postgres = await start(base);
  const pid = await postmasterOf(join(base, 'postgres'));
  const [checkpointer] = await query(postgres, "select pid from pg_stat_activity where backend_type = 'checkpointer'");
  process.kill(Number(checkpointer), 'SIGSTOP');
  process.kill(pid, 'SIGINT');
  // Its connections are cut long before it ends.
  await new Promise((resolve) => setTimeout(resolve, 1_000));
  process.kill(Number(checkpointer), 'SIGCONT');
  await vi.waitFor(() => expect(postgres.told).toContain('PostgreSQL runs again'), { timeout: 60_000, interval: 10 });
  // Not taken for a start that another server has prevented, which is waited for.
  expect(postgres.told).toEqual([
    expect.stringMatching(/^PostgreSQL ended unexpectedly \(status 0\); starting it again/),
    'PostgreSQL runs again',
  ]);
  expect(await query(postgres, 'select what from kept')).toEqual(['the row']);
  await postgres.stop();
});

/** Runs a program as PostgreSQL's account and resolves to what it printed first. */
async function runAsPostgres(command: string, ...parts: string[]) {
  const child = spawn(command, parts, { cwd: '/', stdio: ['ignore', 'pipe', 'ignore'], ...(root ? { uid: nobody, gid: nogroup } : {}) });
  const [printed] = await once(child.stdout, 'data');
  return { child, printed: String(printed).trim() };
}

test.each([
  ['is another program’s now', 'echo $$; exec sleep 60'],
  ['is that of one which was killed and is not collected', 'sleep 0 & echo $!; exec sleep 60'],
])('a postmaster.pid whose number %s is no obstacle', async (_name, script) => {
  const { child, printed: pid } = await runAsPostgres('sh', '-c', script);
  const file = [pid, `${base}/postgres`, '1', '5432', `${base}/socket`, '', '1 1', 'ready   ', ''].join('\n');
  await writeFile(join(base, 'postgres', 'postmaster.pid'), file);
  await writeFile(join(base, 'socket', '.s.PGSQL.5432.lock'), file);
  const postgres = await start(base);
  expect(await query(postgres, 'select what from kept')).toEqual(['the row']);
  await postgres.stop();
  expect(child.exitCode).toBe(null);
  child.kill();
});

const directory = join(base, 'postgres');
test.each<[name: string, damage: (path: string) => Promise<unknown>, path: string, message: RegExp]>([
  [
    'of another version',
    (path) => writeFile(path, '16\n'),
    join(directory, 'PG_VERSION'),
    /was made by PostgreSQL 16 and this Crosswalk brings PostgreSQL 18\. Start the Crosswalk that brought 16, or convert .* pg_upgrade, or .* set DATABASE_URL\.$/,
  ],
  [
    'without PG_VERSION',
    (path) => rm(path),
    join(directory, 'PG_VERSION'),
    /is not a PostgreSQL data directory: PG_VERSION is missing\. Restore it from a backup, or move it away to begin anew\.$/,
  ],
  [
    'whose pg_control is cut short',
    (path) => truncate(path, 100),
    join(directory, 'global', 'pg_control'),
    /could not start on .*data \(\w+\):\n.* PANIC: .*pg_control.*\nThe whole log is .*postgres\.log\. If the directory is damaged, restore it from a backup\.$/,
  ],
])('a directory %s is refused with the way out and never reset', async (_name, damage, path, message) => {
  const [whole, { uid, gid, mode }] = [await readFile(path), await stat(path)];
  await damage(path);
  const refusals = [await refusal(base), await refusal(base)];
  await writeFile(path, whole, { mode });
  execFileSync('chown', [`${uid}:${gid}`, path]);
  for (const refused of refusals) expect(refused).toMatch(message);
  const postgres = await start(base);
  expect(await query(postgres, 'select what from kept')).toEqual(['the row']);
  await postgres.stop();
});

test('a directory that was moved is the same one, and its socket goes elsewhere where its path is too long for one', async () => {
  const long = join(await makeDirectory(), 'a'.repeat(120));
  await rename(base, long);
  const postgres = await start(long);
  expect(Object(postgres.connection).host.startsWith(long)).toBe(false);
  expect(await query(postgres, 'select what from kept')).toEqual(['the row']);
  await postgres.stop();
  await rm(Object(postgres.connection).host, { recursive: true });
  await rename(long, base);
});

test('a large log begins anew at a start, and what a killed set-up left is removed when it is old', async () => {
  await truncate(join(base, 'postgres.log'), 17 * 1024 * 1024);
  const [old, young] = [join(base, 'postgres.new-old'), join(base, 'postgres.new-young')];
  for (const path of [old, young]) await mkdir(join(path, 'base'), { recursive: true });
  const longAgo = new Date(Date.now() - 2 * 60 * 60 * 1000);
  await utimes(old, longAgo, longAgo);
  const postgres = await start(base);
  expect((await readdir(base)).sort()).toEqual(['postgres', 'postgres.log', 'postgres.log.old', 'postgres.new-young', 'socket']);
  expect((await stat(join(base, 'postgres.log'))).size).toBeLessThan(10_000);
  await postgres.stop();
});

test('the directory of another user is used as that user by root, and named with the way out to anyone else', async () => {
  const strange = join(await makeDirectory(), 'data');
  execFileSync('cp', ['-a', base, strange]);
  if (root) {
    execFileSync('chown', ['-R', '1:1', strange]);
    const postgres = await start(strange);
    expect(Number(execFileSync('ps', ['-o', 'uid=', '-p', String(await postmasterOf(join(strange, 'postgres')))]))).toBe(1);
    expect(await query(postgres, 'select what from kept')).toEqual(['the row']);
    await postgres.stop();
  }
  // A directory of root's: a backup that root restored, or what a server that ran as root has left to another user.
  await rm(join(strange, 'postgres'), { recursive: true });
  await symlink('/usr', join(strange, 'postgres'));
  expect(await refusal(strange)).toMatch(
    root
      ? /postgres belongs to the user root\. PostgreSQL runs as the user nobody here: give it the directory: sudo chown -R nobody .*postgres$/
      : /postgres belongs to the user root\. Start Crosswalk as the user it was started as before, or give the directory to this one: sudo chown -R /,
  );
});

test('below a directory that PostgreSQL’s user cannot enter only a note is kept of where its files are, and a later start finds them', async () => {
  const home = await makeDirectory();
  await chmod(home, 0o700);
  const data = join(home, 'data');
  await mkdir(data);
  await writeFile(join(data, 'mine.txt'), 'a file of the user');
  const first = await start(data);
  await query(first, "create table kept as select 'the row' as what");
  await first.stop();
  expect((await readdir(data)).sort()).toEqual(
    root ? ['mine.txt', 'postgres.location', 'postgres.log'] : ['mine.txt', 'postgres', 'postgres.log', 'socket'],
  );
  const place = root ? (await readFile(join(data, 'postgres.location'), 'utf8')).trim() : data;
  expect(place.startsWith(root ? join(system, 'data-') : data)).toBe(true);
  if (root) expect(first.told).toContain(`The user nobody, which PostgreSQL runs as, cannot enter ${data}: its files go to ${place}`);
  const again = await start(data);
  expect(again.told).toEqual([]);
  expect(await query(again, 'select what from kept')).toEqual(['the row']);
  await again.stop();
  expect(await readFile(join(data, 'mine.txt'), 'utf8')).toBe('a file of the user');
});

test.runIf(root)('a copy that has the note alone is refused beside the original; a directory that was moved finds its files', async () => {
  const home = await makeDirectory();
  await chmod(home, 0o700);
  const data = join(home, 'data');
  const copy = join(home, 'copy');
  const moved = join(home, 'moved');
  await (await start(data)).stop();
  const place = (await readFile(join(data, 'postgres.location'), 'utf8')).trim();
  await cp(data, copy, { recursive: true });
  expect(await refusal(copy)).toContain(
    `${copy} is a copy of ${data} without its database, which is in ${place} (says ${join(copy, 'postgres.location')}). ` +
      `To start it as a copy, put one of ${place}/postgres into it, with its owner, and remove postgres.location.`,
  );
  await rename(data, moved);
  await (await start(moved)).stop();
  expect(await refusal(copy)).toContain(`${copy} is a copy of ${moved} without its database`);
  await rm(join(copy, 'postgres.location'));
  execFileSync('cp', ['-a', join(place, 'postgres'), copy]);
  expect(await refusal(copy)).toContain(`The user nobody, which PostgreSQL runs as, cannot come to ${copy}/postgres: a directory above it`);
  await chmod(home, 0o755);
  await (await start(copy)).stop();
});

test('a directory whose note names a place that is gone, say with a container, is refused: an empty database would look like a loss of all data', async () => {
  const data = await makeDirectory();
  await writeFile(join(data, 'postgres.location'), '/var/lib/no-such-place\n');
  expect(await refusal(data)).toMatch(
    /The database of .* is in \/var\/lib\/no-such-place .*, and that directory is gone\. Mount it or restore it from a backup/,
  );
  expect(await readdir(data)).toEqual(['postgres.location']);
});

test.each([
  ['is a file', 'data', /it is not a directory \(EEXIST: /],
  ['is below a file', '.', /it is not a directory \(ENOTDIR: /],
])('a data directory that %s is refused with the way out', async (_name, file, reason) => {
  const parent = join(await makeDirectory(), 'parent');
  if (file !== '.') await mkdir(parent);
  await writeFile(join(parent, file), '');
  const refused = await refusal(join(parent, 'data'));
  expect(refused).toMatch(reason);
  expect(refused).toMatch(
    /^EmbeddedPostgresError: The data directory .* cannot be used: .*, or set CROSSWALK_DATA_DIR to another directory\.$/,
  );
});

test('a data directory in which nothing can be written is refused with the way out', async () => {
  // Root may write anywhere but in the kernel's own directories.
  const data = root ? (process.platform === 'linux' ? '/sys/kernel' : '/System') : await makeDirectory();
  if (!root) await chmod(data, 0o500);
  expect(await refusal(data)).toMatch(
    /^EmbeddedPostgresError: The data directory .* cannot be used: (EACCES|EPERM|EROFS): .* Let the user that Crosswalk runs as write there, or set/,
  );
});

test('a platform without a PostgreSQL is told to set DATABASE_URL', () => {
  expect(() => packageDirectory('sunos-sparc')).toThrow(
    'There is no embedded PostgreSQL for sunos-sparc here (the package @embedded-postgres/sunos-sparc is missing). Set DATABASE_URL to a PostgreSQL 15 or later',
  );
});

test('the links of its libraries are made at a start where the install script was blocked', async () => {
  const installed = join(await makeDirectory(), 'package');
  execFileSync('cp', ['-a', packageDirectory(), installed]);
  const links: { target: string }[] = JSON.parse(await readFile(join(installed, 'native', 'pg-symlinks.json'), 'utf8'));
  for (const { target } of links) await rm(join(installed, target));
  const program = join(installed, 'native', 'bin', 'postgres');
  expect(spawnSync(program, ['--version']).status).not.toBe(0);
  const account = root ? { name: 'nobody', uid: nobody, gid: nogroup } : undefined;
  expect(await findBinaries(account, installed, system)).toEqual({
    postgres: program,
    initdb: join(installed, 'native', 'bin', 'initdb'),
    majorVersion: '18',
  });
  for (const { target } of links) expect((await lstat(join(installed, target))).isSymbolicLink()).toBe(true);

  // The same package where only we may go: as root its programs are copied to where their user can run them.
  execFileSync('chmod', ['-R', 'go-rwx', installed]);
  const expected = root
    ? join(system, `postgres-${JSON.parse(await readFile(join(installed, 'package.json'), 'utf8')).version}`)
    : installed;
  const postgres = await start(base, { programs: installed });
  const pid = await postmasterOf(join(base, 'postgres'));
  expect(execFileSync('ps', ['-o', 'args=', '-p', String(pid)], { encoding: 'utf8' })).toContain(
    join(expected, 'native', 'bin', 'postgres'),
  );
  expect(await query(postgres, 'select what from kept')).toEqual(['the row']);
  await postgres.stop();
});
