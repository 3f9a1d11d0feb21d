import type { Child } from '../tools/programs/child.ts';
import type { BenchDatabase } from './database.ts';
import type { Load, LoadResult } from './load-process.ts';
import type { MeasuredServer } from './servers.ts';
import { type Choices, type FloorServer, type Subject, subjects } from './subjects.ts';

/** One line of the result. */
export interface Row {
  name: string;
  ours: number;
  floor: number;
  /** ours / floor */
  ratio: number;
  unit: string;
}

/** A row and what is told beside it. */
export interface Measured extends Row {
  /** the lowest and the highest ratio of one round */
  range: [number, number];
  aim: number | undefined;
}

/** What one run measures with. */
export interface Bench {
  ours: MeasuredServer & { pid: number };
  floors: Record<'database' | 'plain', MeasuredServer> & { reading?: MeasuredServer };
  /** Starts ours once more, which keeps nothing in memory. It runs while it is measured: it would take its part of the work of later subjects. */
  startReading(): Promise<MeasuredServer>;
  generator: Child;
  token: string;
  /** that of ours and of the floor */
  database: BenchDatabase;
  /** the one with the records */
  environmentId: string;
  records: number;
  farPage: string;
  seed: number;
  /** whether figures need not be good: it is a test of the bench itself */
  quick: boolean;
  /** of each server */
  rounds: number;
  secondsOfRound: number;
  secondsOfWarmUp: number;
  /** of each server before it is asked to look up, each with other choices */
  warmUps: number;
}

/**
 * Measures a subject: load on ours and on each floor in turn, round after round, so that whatever else the machine
 * does meets all of them. The figures are medians. Throws when an answer is not what it should be.
 */
export async function measure(bench: Bench, subject: Subject): Promise<Measured[]> {
  if (!subject.floors.some(({ server }) => server === 'reading')) return measureBeside(bench, subject);
  const reading = await bench.startReading();
  try {
    const [lookUp = subject] = subjects;
    await loadOnce(bench, lookUp, reading, 0, warmUpSeconds(bench));
    return await measureBeside({ ...bench, floors: { ...bench.floors, reading } }, subject);
  } finally {
    await reading.end();
  }
}

async function measureBeside(bench: Bench, subject: Subject): Promise<Measured[]> {
  const servers = [bench.ours, ...subject.floors.map(({ server }) => floorOf(bench, server))];
  if (subject.alike) await compareAnswers(bench, subject);
  // In turn, as the rounds are: what is asked for again and again is kept by then, and no longer than it is between rounds.
  for (let round = subject.alike ? 1 - bench.warmUps : 0; round <= 0; round += 1)
    for (const server of servers) await loadOnce(bench, subject, server, round, bench.secondsOfWarmUp);
  const rates: number[][] = servers.map(() => []);
  for (let round = 1; round <= bench.rounds; round += 1) {
    for (const [index, server] of servers.entries()) {
      rates[index]?.push(await loadOnce(bench, subject, server, round, bench.secondsOfRound));
    }
  }
  const [ours = [], ...others] = rates;
  return subject.floors.map((floor, index) => {
    const theirs = others[index] ?? [];
    const ratios = ours.map((rate, round) => rate / (theirs[round] ?? 0));
    return {
      name: `${subject.name} / ${floor.name}`,
      ours: median(ours),
      floor: median(theirs),
      ratio: median(ours) / median(theirs),
      unit: 'requests/s',
      range: [Math.min(...ratios), Math.max(...ratios)],
      aim: floor.aim,
    };
  });
}

const warm = new WeakSet<Bench>();

/**
 * Loads each server with look-ups until its code is compiled, once: without it the first subject came out a tenth below what it was among
 * others.
 */
export async function warmUp(bench: Bench): Promise<void> {
  const [lookUp] = subjects;
  if (lookUp === undefined || warm.has(bench)) return;
  warm.add(bench);
  for (const server of [bench.ours, ...Object.values(bench.floors)]) await loadOnce(bench, lookUp, server, 0, warmUpSeconds(bench));
}

function warmUpSeconds({ quick }: Bench): number {
  return quick ? 0.15 : 10;
}

function floorOf({ floors }: Bench, server: FloorServer): MeasuredServer {
  const floor = floors[server];
  if (floor === undefined) throw new Error(`there is no floor ${server}`);
  return floor;
}

/** Answers a second of one round of load on one server. Throws when an answer is not what it should be. */
export async function loadOnce(bench: Bench, subject: Subject, server: MeasuredServer, round: number, seconds: number): Promise<number> {
  const { token, records, farPage } = bench;
  const constant = subject.alike && server === bench.floors.plain ? { expected: subject.call(lastRecord(bench)).expected } : {};
  const load: Load = { subject: subject.name, url: server.url, token, records, farPage, seed: bench.seed + round, seconds, ...constant };
  const { rate, problem }: LoadResult = JSON.parse(await bench.generator.ask(JSON.stringify(load)));
  if (problem !== undefined) throw new Error(`${subject.name}, ${server === bench.ours ? 'ours' : 'floor'}: ${problem}`);
  return rate;
}

/** A floor that answers less than ours would be measured for nothing. The plain one knows the last record only. */
async function compareAnswers(bench: Bench, subject: Subject): Promise<void> {
  const { method, path, body, contentType, expected } = subject.call(lastRecord(bench));
  const answer = async ({ url }: MeasuredServer) => {
    const headers = { authorization: `Bearer ${bench.token}`, ...(contentType === undefined ? {} : { 'content-type': contentType }) };
    const response = await fetch(url + path, { method, headers, ...(body === undefined ? {} : { body }) });
    return response.text();
  };
  const ours = await answer(bench.ours);
  if (!ours.includes(expected)) throw new Error(`${subject.name}: ${expected} is missing in ${ours.slice(0, 300)}`);
  for (const { name, server } of subject.floors) {
    const theirs = await answer(floorOf(bench, server));
    if (theirs !== ours)
      throw new Error(`${subject.name} / ${name}: the floor answers ${theirs.slice(0, 500)}, ours ${ours.slice(0, 500)}`);
  }
}

function lastRecord({ records, farPage }: Bench): Choices {
  return { record: () => records, serial: () => 0, farPage };
}

/** The middle of the values in order. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : (upper + (sorted[middle - 1] ?? Number.NaN)) / 2;
}
