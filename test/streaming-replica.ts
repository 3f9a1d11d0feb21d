import { spawn } from 'node:child_process';
import { appendFile, chmod, chown, cp, mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ConnectionOptions } from '../packages/server/src/database/connection.ts';
import { ownerOf } from '../packages/server/src/database/embedded/account.ts';
import { findBinaries, packageDirectory } from '../packages/server/src/database/embedded/binaries.ts';
import { startEmbeddedPostgres } from '../packages/server/src/database/embedded/index.ts';
import { connectTo } from '../packages/server/src/testing.ts';
import { temporaryDirectory } from './temporary-directory.ts';

/** A PostgreSQL and another one that follows it, both from the programs that Crosswalk brings. */
export interface ReplicatedPostgres {
  primary: ConnectionOptions;
  replica: ConnectionOptions;
  stopReplica(): Promise<void>;
  startReplica(): Promise<void>;
  stop(): Promise<void>;
}

/** Starts both. The replica begins as a copy of the primary's files, made while that was stopped. */
export async function startReplicatedPostgres(): Promise<ReplicatedPostgres> {
  const directory = await temporaryDirectory('crosswalk-replicated-');
  const [home, files, socket] = ['primary', 'replica', 'replica-socket'].map((name) => join(directory.path, name));
  if (home === undefined || files === undefined || socket === undefined) throw new Error('three names make three paths');
  await mkdir(home, { mode: 0o755 });
  await (await startEmbeddedPostgres({ dataDirectory: home })).stop();
  await cp(join(home, 'postgres'), files, { recursive: true, preserveTimestamps: true });
  await mkdir(socket);
  const owner = await ownerOf(join(home, 'postgres'));
  await writeFile(join(files, 'standby.signal'), '');
  await appendFile(
    join(files, 'postgresql.auto.conf'),
    `primary_conninfo = 'host=${join(home, 'socket')} port=5432 user=crosswalk application_name=replica'\n`,
  );
  if (owner !== undefined && process.getuid?.() === 0) await giveTo(owner, [files, socket]);
  await chmod(files, 0o700);

  const primary = await startEmbeddedPostgres({ dataDirectory: home });
  const account = process.getuid?.() === 0 && owner !== undefined ? { ...owner, name: 'the owner of the files' } : undefined;
  const { postgres } = await findBinaries(account, packageDirectory(), '/var/lib/crosswalk');
  const replica: ConnectionOptions = { host: socket, port: 5432, database: 'crosswalk', user: 'crosswalk', ssl: false };
  let stopReplica = async () => {};
  const startReplica = async () => {
    const settings = ['listen_addresses=', `unix_socket_directories=${socket}`, 'port=5432', 'max_connections=50', 'fsync=off'];
    const child = spawn(postgres, ['-D', files, ...settings.flatMap((setting) => ['-c', setting])], {
      stdio: 'ignore',
      cwd: '/',
      ...(account === undefined ? {} : { uid: account.uid, gid: account.gid }),
    });
    const ended = new Promise((resolve) => child.once('close', resolve));
    stopReplica = async () => {
      child.kill('SIGINT');
      await ended;
    };
    while (!(await answers(replica))) {
      if (child.exitCode !== null) throw new Error(`the replica ended with ${child.exitCode}`);
      await sleep(50);
    }
  };
  await startReplica();
  return {
    primary: primary.connection,
    replica,
    startReplica,
    stopReplica: () => stopReplica(),
    async stop() {
      await stopReplica();
      await primary.stop();
      await rm(directory.path, { recursive: true });
    },
  };
}

async function answers(server: ConnectionOptions): Promise<boolean> {
  try {
    const client = await connectTo(server);
    await client.end();
    return true;
  } catch {
    return false;
  }
}

/** The programs run as another user than root. */
async function giveTo({ uid, gid }: { uid: number; gid: number }, paths: string[]): Promise<void> {
  for (const path of paths) {
    await chown(path, uid, gid);
    for (const entry of await readdir(path, { recursive: true })) await chown(join(path, entry), uid, gid);
  }
}
