import { writeFile } from 'node:fs/promises';
import { cpus } from 'node:os';
import { parseArgs } from 'node:util';
import { type Child, startChild } from './child.ts';
import { makeDatabase } from './database.ts';
import { measureGrpc } from './grpc.ts';
import { type Measured, measure, type Row } from './measure.ts';
import { externalIdOf, seedRecords } from './records.ts';
import { fetchToken, type MeasuredServer, startFloor, startOurs } from './servers.ts';
import { type Subject, subjects } from './subjects.ts';

const usage = `Measures Crosswalk beside the least that the same work costs without it.

  npm run bench -- [options]

  --records N         organizations in the database (100000; 2000 with --quick)
  --seed N            of the random choices (another one each time)
  --quick             shorter rounds, for a test of the bench itself
  --only TEXT         only what has this text in its name
  --json FILE         write the rows to a file as well: [{name, ours, floor, ratio, unit}]
  --database-url URL  a PostgreSQL to make a database on, instead of an embedded one`;

interface Settings {
  records: number;
  seed: number;
  quick: boolean;
  chosen: Subject[];
  only: string;
  json: string | undefined;
  databaseUrl: string | undefined;
}

/** Ends what was started, in reverse order; also when the bench is interrupted. */
const closers: (() => Promise<void>)[] = [];

async function closeAll(): Promise<void> {
  for (let close = closers.pop(); close !== undefined; close = closers.pop()) await close();
}

for (const [signal, status] of [
  ['SIGINT', 130],
  ['SIGTERM', 143],
] as const) {
  process.once(signal, () => void closeAll().finally(() => process.exit(status)));
}

try {
  await run(readSettings());
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
} finally {
  await closeAll();
}

function readSettings(): Settings {
  const { values } = parseArgs({
    options: {
      records: { type: 'string' },
      seed: { type: 'string' },
      quick: { type: 'boolean', default: false },
      only: { type: 'string', default: '' },
      json: { type: 'string' },
      'database-url': { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) {
    say(usage);
    process.exit(0);
  }
  const chosen = subjects.filter(({ name }) => name.includes(values.only));
  if (chosen.length === 0 && !'look-up by external ID over gRPC'.includes(values.only))
    throw new Error(`--only: nothing is named ${values.only}; there are ${subjects.map(({ name }) => name).join(', ')}`);
  return {
    records: wholeNumber('--records', values.records, values.quick ? 2_000 : 100_000, 10_000_000),
    seed: wholeNumber('--seed', values.seed, Math.floor(Math.random() * 1_000_000), 4_294_967_295),
    quick: values.quick,
    chosen,
    only: values.only,
    json: values.json,
    databaseUrl: values['database-url'],
  };
}

function wholeNumber(option: string, text: string | undefined, fallback: number, max: number): number {
  if (text === undefined) return fallback;
  if (!/^[1-9][0-9]{0,9}$/.test(text) || Number(text) > max)
    throw new Error(`${option} must be a whole number from 1 to ${max}, not ${text}`);
  return Number(text);
}

async function run({ records, seed, quick, chosen, only, json, databaseUrl }: Settings): Promise<void> {
  const database = await makeDatabase(databaseUrl);
  closers.push(() => database.remove());
  const ours = keep(await startOurs(database.url));
  say(`${records} organizations, seed ${seed}; ${machine()}, PostgreSQL ${database.version}`);
  const environmentId = await seedRecords(database.url, records);
  const token = await fetchToken(ours.url);
  const headers = { authorization: `Bearer ${token}` };
  const bytes = await (await fetch(`${ours.url}/api/v1/organizations:external/${externalIdOf(records)}`, { headers })).text();
  const floor = async (kind: 'database' | 'plain') => keep(await startFloor({ kind, databaseUrl: database.url, environmentId, bytes }));
  const bench = {
    ours,
    floors: { database: await floor('database'), plain: await floor('plain') },
    generator: keep(startChild('./load-process.ts')),
    token,
    records,
    seed,
    rounds: quick ? 3 : 7,
    secondsOfRound: quick ? 0.15 : 1,
    secondsOfWarmUp: quick ? 0.15 : 2,
  };
  const measured: Measured[] = [];
  for (const subject of chosen) {
    say(`  ${subject.name}`);
    measured.push(...(await measure(bench, subject)));
  }
  if ('look-up by external ID over gRPC'.includes(only)) {
    say('  look-up by external ID over gRPC');
    const row = await measureGrpc({ url: ours.url, token, rounds: bench.rounds, requests: quick ? 1_000 : 20_000 });
    if (row === undefined) say('  left out: h2load is not installed (package nghttp2-client)');
    else measured.push(row);
  }
  say(table(measured));
  say(aims(measured));
  if (json !== undefined) {
    const rows = measured.map(({ name, ours: rate, floor: least, ratio, unit }): Row => ({ name, ours: rate, floor: least, ratio, unit }));
    await writeFile(json, `${JSON.stringify(rows, undefined, 2)}\n`);
  }
}

function keep<Started extends MeasuredServer | Child>(started: Started): Started {
  closers.push(() => started.end());
  return started;
}

function machine(): string {
  const [cpu] = cpus();
  return `${cpus().length} cores (${cpu?.model ?? 'unknown'}), Node ${process.versions.node}`;
}

function table(measured: readonly Measured[]): string {
  const lines = [
    ['what / floor', 'ours', 'floor', 'ratio', 'of single rounds', 'unit'],
    ...measured.map(({ name, ours, floor, ratio, range, unit }) => [
      name,
      ours.toFixed(0),
      floor.toFixed(0),
      ratio.toFixed(2),
      range.map((one) => one.toFixed(2)).join(' to '),
      unit,
    ]),
  ];
  const widths = lines[0]?.map((_, column) => Math.max(...lines.map((line) => line[column]?.length ?? 0))) ?? [];
  return [
    '',
    ...lines.map((line) =>
      line
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    ),
    '',
  ].join('\n');
}

function aims(measured: readonly Measured[]): string {
  return measured
    .flatMap(({ name, ratio, aim }) =>
      aim === undefined ? [] : [`aim ${ratio >= aim ? 'reached' : 'missed'}: ${name}: at least ${aim}, measured ${ratio.toFixed(2)}`],
    )
    .join('\n');
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}
