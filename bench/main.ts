import { writeFile } from 'node:fs/promises';
import { cpus } from 'node:os';
import { parseArgs } from 'node:util';
import { changesSubject, measureChanges } from './changes.ts';
import { startChild } from './child.ts';
import { keep, onClose, runProgram } from './closers.ts';
import { makeDatabase } from './database.ts';
import { exportSubject, measureExport } from './exports.ts';
import { firstPageSubject, measureFirstPage } from './first-page.ts';
import { measureGrpc } from './grpc.ts';
import { importSubject, measureImport } from './imports.ts';
import { type Measured, measure, type Row, warmUp } from './measure.ts';
import { measurePgbench, pgbenchSubject } from './pgbench.ts';
import { externalIdOf, seedRecords } from './records.ts';
import { columnsOf, say, seedOf, wholeNumber } from './report.ts';
import { fetchFarPage, fetchToken, startFloor, startOurs } from './servers.ts';
import { farPageSize, type Subject, subjects } from './subjects.ts';

const usage = `Measures Crosswalk beside the least that the same work costs without it.

  npm run bench -- [options]

  --records N         organizations in the database (100000; 2000 with --quick)
  --seed N            of the random choices (another one each time)
  --quick             shorter rounds, for a test of the bench itself
  --only TEXT         only what has this text in its name
  --json FILE         write the rows to a file as well: [{name, ours, floor, ratio, unit}]
  --database-url URL  a PostgreSQL to make a database on, instead of an embedded one`;

/** What is measured by other means than the subjects. */
const grpcSubject = 'look-up by external ID over gRPC';
const others = [exportSubject, firstPageSubject, importSubject, grpcSubject, pgbenchSubject, changesSubject];

interface Settings {
  records: number;
  seed: number;
  quick: boolean;
  chosen: Subject[];
  only: string;
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
  if (chosen.length === 0 && !others.some((name) => name.includes(values.only)))
    throw new Error(`--only: nothing is named ${values.only}; there are ${[...subjects.map(({ name }) => name), ...others].join(', ')}`);
  return {
    records: wholeNumber('--records', values.records, values.quick ? 2_000 : 100_000, 10_000_000),
    seed: seedOf(values.seed),
    quick: values.quick,
    chosen,
    only: values.only,
    json: values.json,
    databaseUrl: values['database-url'],
  };
}

async function run({ records, seed, quick, chosen, only, json, databaseUrl }: Settings): Promise<void> {
  const database = await makeDatabase(databaseUrl);
  onClose(() => database.remove());
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
    farPage: await fetchFarPage(ours.url, token, farPageSize),
    seed,
    rounds: quick ? 3 : 7,
    secondsOfRound: quick ? 0.15 : 1,
    secondsOfWarmUp: quick ? 0.15 : 2,
  };
  const measured: Measured[] = [];
  // First, as other subjects make more records.
  if (exportSubject.includes(only)) {
    say(`  ${exportSubject}`);
    measured.push(
      ...(await measureExport({ url: ours.url, token, databaseUrl: database.url, environmentId, records, rounds: bench.rounds })),
    );
  }
  if (firstPageSubject.includes(only)) {
    say(`  ${firstPageSubject}`);
    measured.push(await measureFirstPage({ url: ours.url, token, rounds: quick ? 1 : 7 }));
  }
  if (importSubject.includes(only)) {
    say(`  ${importSubject}`);
    const settings = { url: ours.url, pid: ours.pid, databaseUrl: database.url, environmentId, records };
    measured.push(...(await measureImport({ ...settings, rounds: quick ? 1 : 3 })));
  }
  if (chosen.length > 0) await warmUp(bench, quick ? 0.15 : 10);
  for (const subject of chosen) {
    say(`  ${subject.name}`);
    measured.push(...(await measure(bench, subject)));
  }
  if (grpcSubject.includes(only)) {
    say(`  ${grpcSubject}`);
    const row = await measureGrpc({ url: ours.url, token, rounds: bench.rounds, requests: quick ? 1_000 : 20_000 });
    if (row === undefined) say('  left out: h2load is not installed (package nghttp2-client)');
    else measured.push(row);
  }
  if (pgbenchSubject.includes(only)) {
    say(`  ${pgbenchSubject}`);
    const row = await measurePgbench(bench, database);
    if (row === undefined) say('  left out: pgbench is not installed (package postgresql-contrib)');
    else measured.push(row);
  }
  if (changesSubject.includes(only)) {
    say(`  ${changesSubject}`);
    const changes = { url: ours.url, token, records, seed, rate: quick ? 100 : 500, seconds: quick ? 1 : 10 };
    const { rows, told } = await measureChanges(changes, quick ? 1 : 5);
    measured.push(...rows);
    say(`  ${told}`);
  }
  say(table(measured));
  say(aims(measured));
  if (json !== undefined) {
    const rows = measured.map(({ name, ours: rate, floor: least, ratio, unit }): Row => ({ name, ours: rate, floor: least, ratio, unit }));
    await writeFile(json, `${JSON.stringify(rows, undefined, 2)}\n`);
  }
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
  return `\n${columnsOf(lines)}\n`;
}

function aims(measured: readonly Measured[]): string {
  return measured
    .flatMap(({ name, ratio, aim }) =>
      aim === undefined ? [] : [`aim ${ratio >= aim ? 'reached' : 'missed'}: ${name}: at least ${aim}, measured ${ratio.toFixed(2)}`],
    )
    .join('\n');
}
