import { execFile } from 'node:child_process';
import { chmod, mkdir, open, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { type Experiment, pause, Skipped } from '../experiment.ts';
import { startLoad } from '../load.ts';
import { judge } from '../verdict.ts';

const execute = promisify(execFile);

/** How long a full disk stays full. Milliseconds. */
const fullTime = 4_000;

/** The disk that has the data and the log of changes runs full under load, and is given space again. */
export const diskFull: Experiment[] = [
  {
    name: 'T7',
    what: 'the disk runs full (a tmpfs of 300 MB, embedded), and has space again',
    rounds: 2,
    async run({ rounds, random, history, directory, install, afterwards }) {
      const disk = join(directory, 'disk');
      await mkdir(disk);
      await execute('mount', ['-t', 'tmpfs', '-o', 'size=300m', 'tmpfs', disk]).catch((error: Error) => {
        throw new Skipped(`a tmpfs cannot be mounted here, which takes root: ${error.message.trim().split('\n').at(-1)}`);
      });
      afterwards(async () => {
        await execute('umount', [disk]);
      });
      await chmod(disk, 0o755);
      const installation = await install({ engine: 'embedded', directory: disk });
      const [target] = installation.targets;
      const load = await startLoad({ targets: installation.targets, history, random });
      const health = new Set<string>();
      let recovery = 0;
      for (let round = 1; round <= rounds; round += 1) {
        await load.more(50);
        const ballast = join(disk, 'ballast');
        const before = history.refused;
        for (const deadline = Date.now() + fullTime; Date.now() < deadline || history.refused === before; ) {
          // Also what PostgreSQL frees when it restarts.
          await fill(ballast);
          health.add(`${(await fetch(`${target?.url}/healthz`)).status}`);
          await pause(50);
          if (Date.now() > deadline + 60_000) throw new Error('a disk without space made no answer fail');
        }
        const begin = performance.now();
        await rm(ballast);
        await load.more(1);
        recovery = Math.max(recovery, performance.now() - begin);
        await load.more(50);
      }
      await load.stop();
      const problems = await judge(history, installation.targets);
      if (health.size !== 1 || !health.has('200')) problems.push(`/healthz answered ${[...health].join(', ')}`);
      const panics = installation.servers[0]?.output().split('PostgreSQL ended unexpectedly').length ?? 1;
      return { problems, recovery, note: `PostgreSQL gave up and was started again ${panics - 1} times` };
    },
  },
];

/** Writes until there is no space. */
async function fill(path: string): Promise<void> {
  const file = await open(path, 'a');
  try {
    // Ever smaller pieces: the last kilobytes too.
    for (let size = 1024 * 1024; size >= 4096; size /= 4) {
      const piece = Buffer.alloc(size);
      for (;;) {
        const written = await file.write(piece).catch(() => undefined);
        if (written === undefined || written.bytesWritten < size) break;
      }
    }
  } finally {
    await file.close();
  }
}
