import { writeFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { startChild } from '../tools/programs/child.ts';
import { keep, onClose, runProgram } from '../tools/programs/closers.ts';
import { onlyNamed, seedOf, wholeNumber } from '../tools/programs/command-line.ts';
import { fetchToken } from '../tools/programs/credentials.ts';
import { columnsOf, machine, say } from '../tools/programs/report.ts';
import { changesSubject, measureChanges } from './changes.ts';
import { makeDatabase } from './database.ts';
import { exportSubject, measureExport } from './exports.ts';
import { firstPageSubject, measureFirstPage } from './first-page.ts';
import { grpcSubject, measureGrpc } from './grpc.ts';
import { importSubject, measureImport } from './imports.ts';
import { type Bench, type Measured, measure, type Row, warmUp } from './measure.ts';
import { measurePgbench, pgbenchSubject } from './pgbench.ts';
import { externalIdOf, seedRecords } from './records.ts';
import { fetchFarPage, startFloor, startOurs } from './servers.ts';
import { farPageSize, subjects } from './subjects.ts';

const usage = `Measures Crosswalk beside the least that the same work costs without it.

  npm run bench -- [options]

  --records N         organizations in the database (100000; 2000 with --quick)
  --seed N            of the random choices (another one each time)
  --quick             shorter rounds, for a test of the bench itself
  --only NAMES        only these, such as look-up,token grant: a name, or a part of names
  --json FILE         write the rows to a file as well: [{name, ours, floor, ratio, unit}]
  --database-url URL  a PostgreSQL to make a database on, instead of an embedded one`;

/** Something that is measured, and how. */
interface Work {
  name: string;
  measure(bench: Bench): Promise<Measured[]>;
}

/** All of it, in its order: the export comes first, as others make more records. */
const works: readonly Work[] = [
  {
    name: exportSubject,
    measure: ({ ours, token, database, environmentId, records, rounds }) =>
      measureExport({ url: ours.url, token, databaseUrl: database.url, environmentId, records, rounds }),
  },
  { name: firstPageSubject, measure: ({ ours, token, quick }) => measureFirstPage({ url: ours.url, token, rounds: quick ? 1 : 7 }) },
  {
    name: importSubject,
    measure: ({ ours, database, environmentId, records, quick }) =>
      measureImport({ ...ours, databaseUrl: database.url, environmentId, records, rounds: quick ? 1 : 3 }),
  },
  ...subjects.map((subject) => ({
    name: subject.name,
    async measure(bench: Bench) {
      await warmUp(bench);
      return measure(bench, subject);
    },
  })),
  {
    name: grpcSubject,
    measure: ({ ours, token, rounds, quick }) => measureGrpc({ url: ours.url, token, rounds, requests: quick ? 1_000 : 20_000 }),
  },
  { name: pgbenchSubject, measure: measurePgbench },
  {
    name: changesSubject,
    measure: ({ ours, token, records, seed, quick }) =>
      measureChanges({ url: ours.url, token, records, seed, rate: quick ? 100 : 500, seconds: quick ? 1 : 10 }, quick ? 1 : 5),
  },
];

interface Settings {
  records: number;
  seed: number;
  quick: boolean;
  chosen: readonly Work[];
  json: string | undefined;
  databaseUrl: string | undefined;
}

await runProgram(() => run(readSettings()));

function readSettings(): Settings {
  const { values } = parseArgs({
    options: {
      records: { type: 'string' },
      seed: { type: 'string' },
      quick: { type: 'boolean', default: false },
      only: { type: 'string' },
      json: { type: 'string' },
      'database-url': { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) {
    say(usage);
    process.exit(0);
  }
  return {
    records: wholeNumber('--records', values.records, values.quick ? 2_000 : 100_000, 10_000_000),
    seed: seedOf(values.seed),
    quick: values.quick,
    chosen: onlyNamed(values.only, works),
    json: values.json,
    databaseUrl: values['database-url'],
  };
}

async function run({ records, seed, quick, chosen, json, databaseUrl }: Settings): Promise<void> {
  const database = await makeDatabase(databaseUrl);
  onClose(() => database.remove());
  const ours = keep(await startOurs(database.url));
  say(`${records} organizations, seed ${seed}; ${machine(database.version)}`);
  const environmentId = await seedRecords(database.url, records);
  const token = await fetchToken(ours.url);
  const headers = { authorization: `Bearer ${token}` };
  const bytes = await (await fetch(`${ours.url}/api/v1/organizations:external/${externalIdOf(records)}`, { headers })).text();
  const floor = async (kind: 'database' | 'plain') => keep(await startFloor({ kind, databaseUrl: database.url, environmentId, bytes }));
  const bench: Bench = {
    ours,
    floors: { database: await floor('database'), plain: await floor('plain') },
    startReading: () =>
      startOurs(database.url, { CROSSWALK_CACHE_MB: '0', CROSSWALK_PUBLIC_URL: `http://localhost:${new URL(ours.url).port}` }),
    generator: keep(startChild(new URL('./load-process.ts', import.meta.url))),
    token,
    database,
    environmentId,
    records,
    farPage: await fetchFarPage(ours.url, token, farPageSize),
    seed,
    quick,
    rounds: quick ? 3 : 7,
    secondsOfRound: quick ? 0.15 : 1,
    secondsOfWarmUp: quick ? 0.15 : 2,
    warmUps: quick ? 1 : 4,
  };
  const measured: Measured[] = [];
  for (const work of chosen) {
    say(`  ${work.name}`);
    measured.push(...(await work.measure(bench)));
  }
  say(table(measured));
  say(aims(measured));
  if (json !== undefined) {
    const rows = measured.map(({ name, ours: rate, floor: least, ratio, unit }): Row => ({ name, ours: rate, floor: least, ratio, unit }));
    await writeFile(json, `${JSON.stringify(rows, undefined, 2)}\n`);
  }
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
  return `\n${columnsOf(lines)}\n`;
}

function aims(measured: readonly Measured[]): string {
  return measured
    .flatMap(({ name, ratio, aim }) =>
      aim === undefined ? [] : [`aim ${ratio >= aim ? 'reached' : 'missed'}: ${name}: at least ${aim}, measured ${ratio.toFixed(2)}`],
    )
    .join('\n');
}
