import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { freePort } from '../../test/server-process.ts';
import { startChild } from '../../tools/programs/child.ts';
import { keep, onClose, runProgram } from '../../tools/programs/closers.ts';
import { onlyNamed, seedOf, wholeNumber } from '../../tools/programs/command-line.ts';
import { fetchToken } from '../../tools/programs/credentials.ts';
import { columnsOf, machine, say } from '../../tools/programs/report.ts';
import { makeDatabase } from '../database.ts';
import { seedDirectory } from '../growth-records.ts';
import type { Load, LoadResult } from '../load-process.ts';
import { median, type Row } from '../measure.ts';
import { startOurs } from '../servers.ts';
import { type Contestant, contestants, groupsOf, subjectName, worksOf } from './subjects.ts';

const usage = `Measures Crosswalk beside Better Auth with its organization plugin and Parse Server: the same work, one PostgreSQL, a database each.

  npm run bench:peers -- [options]

  --records N         organizations in each database (10000)
  --seed N            of the random choices (another one each time)
  --rounds N          rounds, in which all take their turn (5)
  --only NAMES        only this work, such as create,find: a name, or a part of names
  --json FILE         write the rows to a file as well: [{name, ours, floor, ratio, unit}]; floor is the peer
  --database-url URL  a PostgreSQL to make the databases on, instead of an embedded one`;

/** How long everybody is loaded before the first figure. */
const secondsOfWarmUp = 10;

/** Whoever is measured, as the load generator needs it. */
interface Measured {
  url: string;
  token: string;
}

await runProgram(async () => {
  const { values } = parseArgs({
    options: {
      records: { type: 'string' },
      seed: { type: 'string' },
      rounds: { type: 'string' },
      only: { type: 'string' },
      json: { type: 'string' },
      'database-url': { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return say(usage);
  const records = wholeNumber('--records', values.records, 10_000, 1_000_000);
  const seed = seedOf(values.seed);
  const rounds = wholeNumber('--rounds', values.rounds, 5, 100);
  const works = onlyNamed(values.only, worksOf(records));
  const database = await makeDatabase(values['database-url']);
  onClose(() => database.remove());
  say(`${records} organizations each, seed ${seed}; ${machine(database.version)}`);
  const server = keep(await startOurs(database.url));
  await seedDirectory(database.url, records);
  const measured: Record<Contestant, Measured> = {
    Crosswalk: { url: server.url, token: await fetchToken(server.url) },
    'Better Auth': await startPeer('./better-auth.mjs', (await database.another()).url, records),
    'Parse Server': await startPeer('./parse-server.mjs', (await database.another()).url, records),
  };
  const generator = keep(startChild(new URL('../load-process.ts', import.meta.url)));
  const rows: Row[] = [];
  const lines: string[][] = [];
  for (const work of works) {
    say(`  ${work.name}`);
    const able = contestants.filter((contestant) => work.calls[contestant] !== undefined);
    const rates = new Map<Contestant, number[]>(able.map((contestant) => [contestant, []]));
    // The first round is for warming up: a long one before the first work, as a process is slow until its code is compiled.
    for (let round = 0; round <= rounds; round += 1) {
      for (const contestant of able) {
        // A session of Better Auth makes organizations in turn with others, but looks up and changes those that it is a member of.
        const { url, token } = measured[contestant];
        const load: Load = {
          subject: subjectName(work.name, contestant),
          url,
          token:
            contestant === 'Better Auth'
              ? JSON.stringify({ cookies: JSON.parse(token), origin: url, rotate: work.name.startsWith('create') })
              : token,
          records,
          farPage: '',
          seed: seed + round,
          seconds: round === 0 && lines.length === 0 ? secondsOfWarmUp : 1,
        };
        const { rate, problem }: LoadResult = JSON.parse(await generator.ask(JSON.stringify(load)));
        if (problem !== undefined) throw new Error(`${load.subject}: ${problem}`);
        if (round > 0) rates.get(contestant)?.push(rate);
      }
    }
    const ours = median(rates.get('Crosswalk') ?? []);
    for (const peer of contestants.slice(1)) {
      const theirs = rates.get(peer);
      if (theirs === undefined) {
        lines.push([work.name, peer, ours.toFixed(0), 'cannot', '', String(work.aim)]);
        continue;
      }
      const row = { name: `${work.name} / ${peer}`, ours, floor: median(theirs), ratio: ours / median(theirs), unit: 'requests/s' };
      rows.push(row);
      const ratios = (rates.get('Crosswalk') ?? []).map((rate, round) => rate / (theirs[round] ?? Number.NaN));
      const range = `${Math.min(...ratios).toFixed(1)} to ${Math.max(...ratios).toFixed(1)}`;
      lines.push([work.name, peer, ours.toFixed(0), row.floor.toFixed(0), row.ratio.toFixed(1), String(work.aim), range]);
    }
  }
  say(
    `\n${columnsOf([['work', 'peer', 'ours', 'theirs', 'ratio', 'aim', 'of single rounds'], ...lines])}\n\nrequests/s, 32 connections, medians of ${rounds} rounds in turn`,
  );
  if (values.json !== undefined) await writeFile(values.json, `${JSON.stringify(rows, undefined, 2)}\n`);
});

/** Starts a peer as in production, on an empty database that it fills; resolves when it can be measured. */
async function startPeer(file: string, databaseUrl: string, records: number): Promise<Measured> {
  const settings = { databaseUrl, records, groups: groupsOf(records), port: await freePort() };
  const child = spawn(process.execPath, [fileURLToPath(new URL(file, import.meta.url)), JSON.stringify(settings)], {
    // Parse Server would write a file of logs into the directory that it is started in.
    env: { PATH: process.env.PATH ?? '', NODE_ENV: 'production', PARSE_SERVER_LOGS_FOLDER: 'null' },
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const exited = once(child, 'exit');
  onClose(async () => {
    child.stdin.end();
    const timer = setTimeout(() => child.kill('SIGKILL'), 2_000);
    await exited;
    clearTimeout(timer);
  });
  for await (const line of createInterface({ input: child.stdout })) {
    if (line.startsWith('READY ')) {
      child.stdout.resume();
      return JSON.parse(line.slice('READY '.length));
    }
  }
  throw new Error(`${file} ended before it was ready`);
}
