import { spawnSync } from 'node:child_process';
import { readdir, readFile, readlink, realpath, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { isSystemError } from '../../lib/system-error.ts';

/** What PostgreSQL writes of itself into its data directory while it runs. */
export interface Postmaster {
  pid: number;
  /** where it listens; empty in the first moments */
  socketDirectory: string;
  /** `starting`, `ready` or `stopping`; empty in the first moments */
  status: string;
}

/** PostgreSQL listens on no network; the number is part of the name of its Unix socket. */
export const port = 5432;

const fileName = 'postmaster.pid';
/** A fast shutdown waits for a checkpoint; after this PostgreSQL is ended without one, which is as safe. Milliseconds. */
const fastTimeout = 10_000;
/** An immediate shutdown needs a moment; what is left after this is stuck and is killed, which is as safe too. Milliseconds. */
const immediateTimeout = 5_000;

/** What postmaster.pid says, or undefined if there is none. A PostgreSQL that was killed leaves the file. */
export async function readPostmaster(directory: string): Promise<Postmaster | undefined> {
  const text = await readFile(join(directory, fileName), 'utf8').catch((error: unknown) => {
    if (isSystemError(error, 'ENOENT')) return '';
    throw error;
  });
  // The lines, in order: process, data directory, start time, port, socket directory, address, shared memory, status.
  const lines = text.split('\n');
  const pid = Number(lines[0]);
  if (!Number.isInteger(pid) || pid < 2) return undefined;
  return { pid, socketDirectory: lines[4] ?? '', status: (lines[7] ?? '').trim() };
}

/** Whether the process of a postmaster.pid lives and is a PostgreSQL on this directory. */
export async function isLive(directory: string, { pid }: Postmaster): Promise<boolean> {
  return (await isRunning(pid)) && (await worksIn(pid, directory));
}

/**
 * Removes a postmaster.pid that PostgreSQL would refuse to start on: its number is another program's now (after a restart of the machine or
 * the container), or that of a postmaster which was killed and not yet collected by whoever inherited it. That no part of the old one lives
 * PostgreSQL makes sure of by its shared memory. One whose number is nobody's is left to PostgreSQL.
 */
export async function removeForeign(directory: string, postmaster: Postmaster): Promise<void> {
  const { pid, socketDirectory } = postmaster;
  if (!takesSignals(pid) || (await isLive(directory, postmaster))) return;
  // Another server that starts may have removed it already, and its PostgreSQL have written its own.
  if ((await readPostmaster(directory))?.pid !== pid) return;
  await rm(join(directory, fileName), { force: true });
  if (socketDirectory !== '') await rm(join(socketDirectory, `.s.PGSQL.${port}.lock`), { force: true });
}

/** A postmaster's working directory is its data directory, which Linux tells; elsewhere the program's arguments name it. */
async function worksIn(pid: number, directory: string): Promise<boolean> {
  const known = await workingDirectory(pid);
  if (known !== undefined) return known === (await realpath(directory));
  const { stdout } = spawnSync('ps', ['-p', String(pid), '-o', 'args='], { encoding: 'utf8' });
  return stdout.includes(` -D ${directory} `);
}

/** Undefined where the system does not tell, or not us. */
function workingDirectory(pid: number): Promise<string | undefined> {
  return readlink(`/proc/${pid}/cwd`).catch(() => undefined);
}

/** Ends a postmaster: fast, then at once, then by force. Resolves when it is gone. */
export async function endPostmaster(pid: number, gone: Promise<unknown> = waitUntilGone(pid)): Promise<void> {
  await end(pid, gone, [
    ['SIGINT', 0],
    ['SIGQUIT', fastTimeout],
    ['SIGKILL', fastTimeout + immediateTimeout],
  ]);
}

/**
 * Ends what a postmaster that was killed left at work. A process in the middle of a statement would notice when that ends, after minutes
 * for an index, and until then no PostgreSQL starts on the directory. Only where Linux tells of them.
 */
export async function endOrphans(directory: string): Promise<void> {
  const path = await realpath(directory);
  const pids = (await readdir('/proc').catch(() => [])).filter((name) => /^\d+$/.test(name)).map(Number);
  const orphans = await Promise.all(pids.map(async (pid) => ((await isOrphan(pid, path)) ? [pid] : [])));
  await Promise.all(
    orphans.flat().map((pid) =>
      end(pid, waitUntilGone(pid), [
        ['SIGQUIT', 0],
        ['SIGKILL', immediateTimeout],
      ]),
    ),
  );
}

/** Whether a process works for a postmaster on the directory, whose real path it is given, that lives no more. */
async function isOrphan(pid: number, directory: string): Promise<boolean> {
  if ((await workingDirectory(pid)) !== directory) return false;
  const [title, status] = await Promise.all(['cmdline', 'stat'].map((file) => readFile(`/proc/${pid}/${file}`, 'utf8').catch(() => '')));
  const parent = /\) \w (\d+) /.exec(status ?? '')?.[1];
  // What works for a postmaster has this title; the postmaster itself has its arguments.
  return /^postgres: /.test(title ?? '') && parent !== undefined && (await workingDirectory(Number(parent))) !== directory;
}

/** Sends each signal after its time, in milliseconds, until the process is gone. */
async function end(pid: number, gone: Promise<unknown>, signals: readonly (readonly [NodeJS.Signals, number])[]): Promise<void> {
  const timers = signals.map(([name, after]) => setTimeout(() => signalTo(pid, name), after));
  await gone;
  for (const timer of timers) clearTimeout(timer);
}

function signalTo(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch {
    // It is gone already.
  }
}

async function waitUntilGone(pid: number): Promise<void> {
  while (await isRunning(pid)) await new Promise((resolve) => setTimeout(resolve, 20));
}

/**
 * A process that has ended but was not collected by its parent still takes signals; Linux tells it apart. One that
 * we may not signal is another user's, and so no PostgreSQL on a directory of ours.
 */
export async function isRunning(pid: number): Promise<boolean> {
  if (!takesSignals(pid)) return false;
  const status = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
  return !/\) Z /.test(status);
}

function takesSignals(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}
