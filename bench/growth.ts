import { readFile, writeFile } from 'node:fs/promises';
import { setTimeout } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { keep, onClose, runProgram } from '../tools/programs/closers.ts';
import { onlyNamed, seedOf, wholeNumber } from '../tools/programs/command-line.ts';
import { fetchToken } from '../tools/programs/credentials.ts';
import { randomNumbers } from '../tools/programs/random.ts';
import { columnsOf, machine, say } from '../tools/programs/report.ts';
import { makeDatabase, openKept, query } from './database.ts';
import { type GrowthCall, growthCalls } from './growth-calls.ts';
import { seedDirectory } from './growth-records.ts';
import { Requester } from './growth-requester.ts';
import { median, type Row } from './measure.ts';
import { fetchFarPage, startOurs } from './servers.ts';
import { farPageSize } from './subjects.ts';

const usage = `Measures how much slower a directory is for being larger.

  npm run bench:growth -- [options]

  --records LIST      records of each kind, smallest first (10000,1000000)
  --seed N            of the random choices (another one each time)
  --quick             fewer requests, for a test of the bench itself
  --only NAMES        only these, such as create,by external ID: a name, or a part of names
  --json FILE         write the rows to a file as well: [{name, ours, floor, ratio, unit}]; ours is the larger one, floor the smallest
  --database-url URL  a PostgreSQL to make the databases on, instead of an embedded one
  --keep DIRECTORY    keep what is made in a PostgreSQL of this directory, and measure what is there already (10,000,000 take 30 GB)
  --make              only make the records`;

/** How much slower the largest may be than the smallest. */
const aim = 1.3;

/** Sizes take turns after so many requests, so that whatever else the machine does meets all of them. */
const turn = 10;

/** A round of one call at one size ends after this, however few requests it had. Milliseconds. */
const longestRound = 2_000;

/** Connections of the measurement of requests a second. */
const connections = 32;

/** A directory of one size and the server in front of it. */
interface Directory {
  count: number;
  url: string;
  pid: number;
  databaseUrl: string;
  token: string;
  farPage: string;
  random: (max: number) => number;
}

/** Numbers that were given to calls. Those of an earlier run on the same records are lower. */
let serial = Date.now() * 1_000;

await runProgram(async () => {
  const { values } = parseArgs({
    options: {
      records: { type: 'string', default: '10000,1000000' },
      seed: { type: 'string' },
      quick: { type: 'boolean', default: false },
      only: { type: 'string' },
      json: { type: 'string' },
      'database-url': { type: 'string' },
      keep: { type: 'string' },
      make: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return say(usage);
  const sizes = values.records.split(',').map((size) => wholeNumber('--records', size, 0, 10_000_000));
  const seed = seedOf(values.seed);
  const calls = onlyNamed(values.only, growthCalls);
  if (values.keep !== undefined && values['database-url'] !== undefined)
    throw new Error('--keep has a PostgreSQL of its own: leave out --database-url');
  const databases = values.keep === undefined ? await madeFor(values['database-url']) : await keptIn(values.keep);
  say(`${sizes.join(' and ')} records of each kind, seed ${seed}; ${machine(databases.version)}`);
  const directories: Directory[] = [];
  for (const count of sizes) directories.push(await makeDirectory(await databases.url(count), count, seed));
  if (values.make) return;

  const rows: Row[] = [];
  for (const call of calls) rows.push(...(await measureCall(call, directories, values.quick)));
  say(
    `\n${columnsOf([
      ['what', ...sizes.map(String), 'ratio', 'unit'],
      ...groupsOf(rows, sizes.length - 1).map((group) => [
        group[0]?.name.replace(/, [0-9]+ records.*/, '') ?? '',
        ...[group[0]?.floor ?? 0, ...group.map(({ ours }) => ours)].map((figure) => figure.toFixed(group[0]?.unit === 'ms' ? 2 : 0)),
        (group.at(-1)?.ratio ?? 0).toFixed(2),
        group[0]?.unit ?? '',
      ]),
    ])}\n`,
  );
  const missed = rows.filter(({ ratio, unit }) => unit === 'ms' && ratio > aim);
  say(
    `${rows.filter(({ unit }) => unit === 'ms').length - missed.length} within ${aim} times the smallest, beyond it: ${missed.map(({ name, ratio }) => `${name} (${ratio.toFixed(2)})`).join('; ') || 'none'}`,
  );
  for (const { count, pid, databaseUrl } of directories) {
    const [size] = await query<{ megabytes: number }>(
      databaseUrl,
      'select (pg_database_size(current_database()) / 1048576)::integer as megabytes',
    );
    const { now, peak } = await memoryOf(pid);
    say(`${count} records: server ${now.toFixed(0)} MB now, ${peak.toFixed(0)} MB at most; database ${size?.megabytes} MB`);
  }
  if (values.json !== undefined) await writeFile(values.json, `${JSON.stringify(rows, undefined, 2)}\n`);
});

/** Where the databases of the sizes are. */
interface Databases {
  version: string;
  url(count: number): Promise<string>;
}

/** Databases that go with the run. */
async function madeFor(serverUrl: string | undefined): Promise<Databases> {
  const first = await makeDatabase(serverUrl);
  onClose(() => first.remove());
  let used = false;
  return {
    version: first.version,
    async url() {
      const { url } = used ? await first.another() : first;
      used = true;
      return url;
    },
  };
}

/** Databases that stay in a directory, one for each size. */
async function keptIn(directory: string): Promise<Databases> {
  const kept = await openKept(directory);
  onClose(() => kept.stop());
  return { version: kept.version, url: (count) => kept.database(`crosswalk_growth_${count}`) };
}

async function makeDirectory(databaseUrl: string, count: number, seed: number): Promise<Directory> {
  const start = performance.now();
  // Nothing is kept: a small directory would be answered from memory, and the large one by the database.
  const server = keep(await startOurs(databaseUrl, { CROSSWALK_CACHE_MB: '0' }));
  const [made] = await query<{ there: boolean }>(databaseUrl, 'select exists (select from record_counts) as there');
  if (made?.there !== true) await seedDirectory(databaseUrl, count);
  say(`  ${count} records ${made?.there === true ? 'found' : 'made'} in ${((performance.now() - start) / 1000).toFixed(0)} s`);
  const token = await fetchToken(server.url);
  const built = await buildIndex(server.url, token);
  if (built > 1) say(`  index of metadata.number built in ${built.toFixed(0)} s`);
  const directory = { count, url: server.url, pid: server.pid, databaseUrl, token, random: randomNumbers(seed) };
  return { ...directory, farPage: await fetchFarPage(server.url, token, farPageSize) };
}

/** Has comparisons of `metadata.number` of organizations find their records by an index. Returns how long that took, in seconds. */
async function buildIndex(url: string, token: string): Promise<number> {
  const start = performance.now();
  const crosswalk = async (method: string, path: string, body?: object) => {
    const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
    const response = await fetch(url + path, { method, headers, ...(body === undefined ? {} : { body: JSON.stringify(body) }) });
    return Object(await response.json());
  };
  const path = '/api/v1/metadata_indexes';
  const made = await crosswalk('POST', path, { kind: 'organization', key: 'metadata.number', type: 'number' });
  const id: string = made.metadata_index?.id ?? made.details[0].resource_info.id;
  for (;;) {
    const { metadata_index: index } = await crosswalk('GET', `${path}/${id}`);
    if (index.state === 'READY') return (performance.now() - start) / 1000;
    if (index.state === 'FAILED') throw new Error(`the index was not built: ${index.error}`);
    await setTimeout(200);
  }
}

/** The time of a call at each size beside the smallest, and requests a second where the call asks for them. */
async function measureCall(call: GrowthCall, directories: readonly Directory[], quick: boolean): Promise<Row[]> {
  say(`  ${call.name}`);
  const [rounds, requests] = quick ? [1, 3] : [5, 60];
  const requesters = directories.map((directory) => new Requester(directory, 1));
  const times: number[][] = directories.map(() => []);
  let slow = '';
  // The first round is for warming up.
  for (let round = 0; round <= rounds; round += 1) {
    const ofRound: number[][] = directories.map(() => []);
    const spent = directories.map(() => 0);
    for (let sent = 0; sent < requests; sent += turn) {
      for (const [index, directory] of directories.entries()) {
        for (let n = 0; n < Math.min(turn, requests) && (spent[index] ?? 0) < longestRound; n += 1) {
          const start = performance.now();
          const { status, body } = (await requesters[index]?.send(call.request(choicesOf(directory)))) ?? { status: 0, body: '' };
          const time = performance.now() - start;
          if (status === 503 && body.includes('QUERY_TOO_SLOW')) slow = ` (${directory.count}: QUERY_TOO_SLOW)`;
          else if (status >= 300) throw new Error(`${call.name}: status ${status}, ${body.slice(0, 300)}`);
          ofRound[index]?.push(time);
          spent[index] = (spent[index] ?? 0) + time;
        }
      }
    }
    if (round > 0) for (const [index, one] of ofRound.entries()) times[index]?.push(median(one));
  }
  for (const requester of requesters) requester.end();
  const rows = rowsOf(call.name, slow, directories, times, 'ms');
  if (call.busy !== true) return rows;
  const rates: number[][] = directories.map(() => []);
  for (let round = 0; round <= rounds; round += 1) {
    for (const [index, directory] of directories.entries()) {
      const rate = await rateOf(call, directory, quick ? 50 : 1_000);
      if (round > 0) rates[index]?.push(rate);
    }
  }
  return [...rows, ...rowsOf(`${call.name}, ${connections} connections`, '', directories, rates, 'requests/s')];
}

function rowsOf(name: string, remark: string, directories: readonly Directory[], figures: readonly number[][], unit: string): Row[] {
  const [floor = Number.NaN, ...others] = figures.map(median);
  return others.map((ours, index) => ({
    name: `${name}, ${directories[index + 1]?.count} records / ${directories[0]?.count}${remark}`,
    ours,
    floor,
    ratio: ours / floor,
    unit,
  }));
}

async function rateOf(call: GrowthCall, directory: Directory, amount: number): Promise<number> {
  const requester = new Requester(directory, connections);
  const choices = choicesOf(directory);
  const start = performance.now();
  let left = amount;
  await Promise.all(
    Array.from({ length: connections }, async () => {
      for (; left > 0; left -= 1) {
        const { status, body } = await requester.send(call.request(choices));
        if (status >= 300) throw new Error(`${call.name}: status ${status}, ${body.slice(0, 300)}`);
      }
    }),
  );
  requester.end();
  return amount / ((performance.now() - start) / 1000);
}

function choicesOf({ count, farPage, random }: Directory) {
  return { count, farPage, record: () => random(count), serial: () => ++serial };
}

function groupsOf<Item>(items: readonly Item[], size: number): Item[][] {
  return Array.from({ length: Math.ceil(items.length / size) }, (_, index) => items.slice(index * size, (index + 1) * size));
}

/** What a process uses of memory, and the most it has used, in MB. */
async function memoryOf(pid: number): Promise<{ now: number; peak: number }> {
  const text = await readFile(`/proc/${pid}/status`, 'utf8');
  const of = (name: string) => Number(new RegExp(`^${name}:\\s+([0-9]+) kB$`, 'm').exec(text)?.[1]) / 1024;
  return { now: of('VmRSS'), peak: of('VmHWM') };
}
