import pg from 'pg';
import { type Measured, median } from './measure.ts';

/** Name of what is measured here. */
export const exportSubject = 'export';

interface ExportSettings {
  url: string;
  token: string;
  databaseUrl: string;
  environmentId: string;
  records: number;
  rounds: number;
}

/**
 * Writes all organizations as NDJSON and reads the answer to its end. The floor is a COPY of the same columns to the same process, which drops
 * them: it makes no JSON and names no record.
 */
export async function measureExport({ url, token, databaseUrl, environmentId, records, rounds }: ExportSettings): Promise<Measured[]> {
  const client = new pg.Client({ connectionString: databaseUrl });
  await client.connect();
  try {
    const ours: number[] = [];
    const floor: number[] = [];
    // The first round is for warming up.
    for (let round = 0; round <= rounds; round += 1) {
      const exported = await timed(() => readExport(url, token, records));
      const copied = await timed(() =>
        client.query(
          `copy (select external_id, external_ids, display_name, region_code, slug, logo_url, metadata
             from organizations where environment_id = ${BigInt(environmentId)} order by id) to stdout`,
        ),
      );
      if (round === 0) continue;
      ours.push(records / exported);
      floor.push(records / copied);
    }
    const ratios = ours.map((rate, index) => rate / (floor[index] ?? rate));
    return [
      {
        name: `${exportSubject} of ${records} organizations / COPY of the same columns`,
        ours: median(ours),
        floor: median(floor),
        ratio: median(ours) / median(floor),
        unit: 'rows/s',
        range: [Math.min(...ratios), Math.max(...ratios)],
        aim: undefined,
      },
    ];
  } finally {
    await client.end();
  }
}

async function readExport(url: string, token: string, records: number): Promise<void> {
  const response = await fetch(`${url}/api/v1/export?kinds=organization`, { headers: { authorization: `Bearer ${token}` } });
  let lines = 0;
  for await (const chunk of response.body ?? []) {
    const bytes = Buffer.from(chunk);
    for (let at = bytes.indexOf(10); at !== -1; at = bytes.indexOf(10, at + 1)) lines += 1;
  }
  // Subjects that ran before may have made more.
  if (!response.ok || lines < records) throw new Error(`${exportSubject}: status ${response.status}, ${lines} rows of ${records}`);
}

/** How long something takes, in seconds. */
async function timed(work: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await work();
  return (performance.now() - start) / 1000;
}
