import { spawnSync } from 'node:child_process';
import { readFile, readlink, realpath, rm } from 'node:fs/promises';
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
 * Removes a postmaster.pid whose number is another program's now (after a restart of the machine or the container):
 * PostgreSQL would refuse to start on it. That no part of the old one lives it makes sure of by its shared memory.
 */
export async function removeForeign(directory: string, { pid, socketDirectory }: Postmaster): Promise<void> {
  if (!(await isRunning(pid)) || (await worksIn(pid, directory))) return;
  await rm(join(directory, fileName), { force: true });
  if (socketDirectory !== '') await rm(join(socketDirectory, `.s.PGSQL.${port}.lock`), { force: true });
}

/** A postmaster's working directory is its data directory, which Linux tells; elsewhere the program's arguments name it. */
async function worksIn(pid: number, directory: string): Promise<boolean> {
  const workingDirectory = await readlink(`/proc/${pid}/cwd`).catch(() => undefined);
  if (workingDirectory !== undefined) return workingDirectory === (await realpath(directory));
  const { stdout } = spawnSync('ps', ['-p', String(pid), '-o', 'args='], { encoding: 'utf8' });
  return stdout.includes(` -D ${directory} `);
}

/** Ends a postmaster: fast, then at once, then by force. Resolves when it is gone. */
export async function endPostmaster(pid: number, gone: Promise<unknown> = waitUntilGone(pid)): Promise<void> {
  signalTo(pid, 'SIGINT');
  const timers = [
    setTimeout(() => signalTo(pid, 'SIGQUIT'), fastTimeout),
    setTimeout(() => signalTo(pid, 'SIGKILL'), fastTimeout + immediateTimeout),
  ];
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
  try {
    process.kill(pid, 0);
  } catch {
    return false;
  }
  const status = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
  return !/\) Z /.test(status);
}
