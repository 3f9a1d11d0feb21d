import { startChild } from '../tools/programs/child.ts';
import { say } from '../tools/programs/report.ts';
import type { Changes, ChangesResult } from './change-process.ts';
import { type Measured, median } from './measure.ts';

/** Name of what is measured here. */
export const changesSubject = 'changes that are read from the feed and sent to webhooks';

/** Endpoints that answer; as many hang. */
const endpoints = 2;

/**
 * Changes are written at a steady rate while a reader follows the feed and endpoints of which half hang get them. The floor is the rate of
 * writing itself: whoever keeps pace has as many per second.
 */
export async function measureChanges(load: Omit<Changes, 'endpoints'>, rounds: number): Promise<Measured[]> {
  const child = startChild(new URL('./change-process.ts', import.meta.url));
  const results: ChangesResult[] = [];
  try {
    for (let round = 0; round < rounds; round += 1) {
      const changes: Changes = { ...load, seed: load.seed + round, endpoints };
      const result: ChangesResult = JSON.parse(await child.ask(JSON.stringify(changes)));
      if (result.problem !== undefined) throw new Error(`${changesSubject}: ${result.problem}`);
      results.push(result);
    }
  } finally {
    await child.end();
  }
  const of = (value: (result: ChangesResult) => number) => median(results.map(value));
  const row = (name: string, ours: (result: ChangesResult) => number, floor: (result: ChangesResult) => number, unit: string): Measured => {
    const ratios = results.map((result) => ours(result) / floor(result));
    return {
      name,
      ours: of(ours),
      floor: of(floor),
      ratio: of(ours) / of(floor),
      unit,
      range: [Math.min(...ratios), Math.max(...ratios)],
      aim: undefined,
    };
  };
  const rows = [
    {
      ...row(
        'changes written / asked for',
        ({ written }) => written,
        () => load.rate,
        'changes/s',
      ),
      aim: 0.95,
    },
    {
      ...row(
        'events read from the feed / changes written',
        ({ read }) => read,
        ({ written }) => written,
        'events/s',
      ),
      aim: 0.9,
    },
    {
      ...row(
        `webhooks delivered, half of ${2 * endpoints} endpoints hanging / changes x endpoints that answer`,
        ({ delivered }) => delivered,
        ({ written }) => written * endpoints,
        'deliveries/s',
      ),
      aim: 0.9,
    },
    {
      ...row(
        'two seconds / p99 delay of a webhook',
        () => 2_000,
        ({ webhooks }) => webhooks.p99,
        'ms',
      ),
      aim: 1,
    },
  ];
  say(
    `  delay from the answer to a change, medians of ${rounds} rounds: in the feed p50 ${of(({ feed }) => feed.p50)} ms, ` +
      `p99 ${of(({ feed }) => feed.p99)} ms; at an endpoint p50 ${of(({ webhooks }) => webhooks.p50)} ms, p99 ${of(({ webhooks }) => webhooks.p99)} ms`,
  );
  return rows;
}
