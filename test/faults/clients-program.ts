import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { setTimeout } from 'node:timers/promises';
import type { ClientsSettings, Service } from './crowd.ts';

/** The program of clients who behave: it begins when it has read a line with its settings, and tells what came of it when it has read another. */
const lines = createInterface({ input: process.stdin });
// With the experiment, however that ends.
lines.once('close', () => process.exit());
const [line] = await once(lines, 'line');
const { url, token, clients, pause }: ClientsSettings = JSON.parse(String(line));
const service: Service = { times: [], failures: [] };
let isOver = false;

async function work(): Promise<void> {
  // Not all at the same moment, ever after.
  await setTimeout(Math.random() * pause);
  while (!isOver) {
    const begin = performance.now();
    const answer = await fetch(`${url}/api/v1/organizations?page_size=1`, {
      headers: { authorization: `Bearer ${token}` },
      signal: AbortSignal.timeout(60_000),
    }).catch((error: unknown) => String(Object(error).cause ?? error));
    if (typeof answer === 'string') service.failures.push(answer);
    else {
      await answer.arrayBuffer();
      if (answer.status !== 200) service.failures.push(`status ${answer.status}`);
    }
    service.times.push(Math.round((performance.now() - begin) * 10) / 10);
    await setTimeout(pause);
  }
}

const working = Promise.all(Array.from({ length: clients }, work));
process.stdout.write('started\n');
await once(lines, 'line');
isOver = true;
await working;
process.stdout.write(`${JSON.stringify(service)}\n`);
