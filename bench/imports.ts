import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Crosswalk } from '@crosswalk/sdk';
import pg from 'pg';
import { credentials } from '../tools/programs/credentials.ts';
import { type Measured, median } from './measure.ts';
import { externalIdOf } from './records.ts';

/** Name of what is measured here. */
export const importSubject = 'import';

/** What a server may use at most, whatever it imports and exports. MB. */
const memoryAim = 300;

interface ImportSettings {
  url: string;
  /** of the server */
  pid: number;
  databaseUrl: string;
  environmentId: string;
  records: number;
  rounds: number;
}

/**
 * Imports as many users as there are organizations, each with two external IDs, metadata and a membership, with their events: half of the rows
 * are users. The floor is a COPY of what came of them into empty tables with the same columns and indexes, without events.
 */
export async function measureImport({ url, pid, databaseUrl, environmentId, records, rounds }: ImportSettings): Promise<Measured[]> {
  const crosswalk = new Crosswalk(url, credentials.id, credentials.secret);
  const client = new pg.Client({ connectionString: databaseUrl });
  await client.connect();
  try {
    const ours: number[] = [];
    const floor: number[] = [];
    for (let round = 0; round < rounds; round += 1) {
      const prefix = `i${randomBytes(3).toString('hex')}-`;
      const imported = await timed(() => sendImport(crosswalk, prefix, records));
      ours.push((2 * records) / imported);
      floor.push((2 * records) / (await copyLike(client, environmentId, prefix)));
    }
    const ratios = ours.map((rate, index) => rate / (floor[index] ?? rate));
    const peak = await peakMemory(pid);
    return [
      {
        name: `${importSubject} of ${records} users with memberships / COPY into tables with the same indexes`,
        ours: median(ours),
        floor: median(floor),
        ratio: median(ours) / median(floor),
        unit: 'rows/s',
        range: [Math.min(...ratios), Math.max(...ratios)],
        aim: 0.5,
      },
      // More is worse here: the ratio says how much of what it may use it does.
      {
        name: `peak memory of the server after ${importSubject} / ${memoryAim} MB`,
        ours: peak,
        floor: memoryAim,
        ratio: peak / memoryAim,
        unit: 'MB',
        range: [peak / memoryAim, peak / memoryAim],
        aim: undefined,
      },
    ];
  } finally {
    await client.end();
  }
}

/** Sends the rows as they are made and waits until they are in. */
async function sendImport(crosswalk: Crosswalk, prefix: string, records: number): Promise<void> {
  const { id } = await crosswalk.imports.create(lines(prefix, records));
  const { state, rows_rejected: rejected } = await crosswalk.imports.wait(id, { interval: 20 });
  if (state !== 'DONE' || rejected > 0) throw new Error(`${importSubject}: ${state}, ${rejected} rows rejected`);
}

function* lines(prefix: string, records: number): Generator<Uint8Array> {
  const encoder = new TextEncoder();
  let text = '';
  for (let n = 1; n <= records; n += 1) {
    const user = {
      kind: 'user',
      external_id: `${prefix}${n}`,
      external_ids: { hr: `${prefix}hr-${n}` },
      email: `${prefix}${n}@example.com`,
      user_profile: { given_name: 'Person', family_name: `Number ${n}` },
      metadata: { department: `d${n % 40}`, cost_center: n % 900, remote: n % 2 === 0 },
    };
    const membership = {
      kind: 'membership',
      organization: { external_id: externalIdOf(n) },
      user: { external_id: user.external_id },
      roles: ['member'],
      metadata: { seat: n % 7 },
    };
    text += `${JSON.stringify(user)}\n${JSON.stringify(membership)}\n`;
    if (text.length < 64 * 1024 && n < records) continue;
    yield encoder.encode(text);
    text = '';
  }
}

/** Which rows of each table came of an import whose IDs begin with `$2`. */
const written = {
  users: 'external_id like $2',
  external_ids: 'value like $2',
  memberships: 'user_id in (select id from users where environment_id = $1 and external_id like $2)',
};

/** How long a COPY of the rows of an import into empty tables like those that have them takes, in seconds. */
async function copyLike(client: pg.Client, environmentId: string, prefix: string): Promise<number> {
  let seconds = 0;
  for (const [table, where] of Object.entries(written)) {
    const file = join(tmpdir(), `crosswalk-bench-${prefix}${table}`);
    const { rows } = await client.query<{ name: string }>(
      `select quote_ident(attname) as name from pg_attribute
       where attrelid = $1::regclass and attnum > 0 and not attisdropped and attgenerated = ''`,
      [table],
    );
    const columns = rows.map(({ name }) => name).join(', ');
    const condition = where.replaceAll('$1', String(BigInt(environmentId))).replaceAll('$2', `'${prefix}%'`);
    await client.query(`create table copied_${table} (like ${table} including all)`);
    await client.query(
      `copy (select ${columns} from ${table} where environment_id = ${BigInt(environmentId)} and ${condition}) to '${file}'`,
    );
    seconds += await timed(() => client.query(`copy copied_${table} (${columns}) from '${file}'`));
    await client.query(`copy (select) to program 'rm ${file}'`);
    await client.query(`drop table copied_${table}`);
  }
  return seconds;
}

/** The most memory that a process has had at once, in MB. */
async function peakMemory(pid: number): Promise<number> {
  const [, kilobytes] = /^VmHWM:\s+([0-9]+) kB$/m.exec(await readFile(`/proc/${pid}/status`, 'utf8')) ?? [];
  return Number(kilobytes) / 1024;
}

/** How long something takes, in seconds. */
async function timed(work: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await work();
  return (performance.now() - start) / 1000;
}
