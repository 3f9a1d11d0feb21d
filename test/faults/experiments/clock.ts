import { readdir, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fetchToken } from '../../../tools/programs/credentials.ts';
import { type Experiment, pause, Skipped } from '../experiment.ts';
import { startLoad } from '../load.ts';
import { type Receiver, startReceiver } from '../receiver.ts';
import { judge } from '../verdict.ts';
import { send } from '../writers.ts';

const day = 86_400;
/** How far the clock of one server is from that of the others, step after step; the largest step is of two days. Seconds. */
const offsets = [30, -30, 600, -600, day, -day, 0];
/** How long a token lives by default, and how far clocks may be apart. Seconds. */
const [lifetime, tolerance] = [3_600, 60];
/** How long webhooks may take on a busy machine: more than twice the lease of one that was claimed and not sent. Milliseconds. */
const patience = 120_000;

/** The clock of one of two servers jumps while both work. That of PostgreSQL and of the other goes on as it should. */
export const clock: Experiment[] = [
  {
    name: 'T20',
    what: 'the clock of one of two servers jumps by half a minute, ten minutes and a day, back and forth; at last it is killed and starts two days back',
    rounds: 1,
    async run({ rounds, random, history, directory, install, afterwards }) {
      const library = await findLibrary();
      const file = join(directory, 'clock');
      const set = async (offset: number) => {
        await writeFile(`${file}.new`, `${offset < 0 ? '-' : '+'}${Math.abs(offset)}\n`);
        await rename(`${file}.new`, file);
      };
      await set(0);
      const receiver = await startReceiver();
      afterwards(receiver.close);
      const jumping = {
        LD_PRELOAD: library,
        FAKETIME_TIMESTAMP_FILE: file,
        FAKETIME_NO_CACHE: '1',
        // A clock that is set does not change how long something takes.
        FAKETIME_DONT_FAKE_MONOTONIC: '1',
        DONT_FAKE_MONOTONIC: '1',
      };
      const allowed = { CROSSWALK_WEBHOOK_ALLOW: '127.0.0.0/8' };
      const installation = await install({
        engine: 'external',
        servers: 2,
        settings: (index) => (index === 0 ? { ...allowed, ...jumping } : allowed),
      });
      const { targets, servers } = installation;
      const [one, other] = targets;
      if (one === undefined || other === undefined) throw new Error('there are two servers');
      const deliveries = `/api/v1/webhook_endpoints/${await receiver.subscribe(other)}/deliveries?status=PENDING&page_size=1`;
      const problems: string[] = [];
      /** Waits until each acknowledged change has come as a webhook, and none is left to be sent. */
      const allCome = async (when: string) => {
        const wanted = history.operations().filter(({ kind, outcome }) => kind !== 'read' && outcome === 'ok').length;
        const left = async () => Object((await send(other.url, other.token, 'GET', deliveries)).body).total_size;
        for (const deadline = Date.now() + patience; receiver.seen.size < wanted || (await left()) !== 0; await pause(100)) {
          if (Date.now() < deadline) continue;
          problems.push(`${when}, ${wanted - receiver.seen.size} webhooks did not come, and ${await left()} wait`);
          return;
        }
      };
      for (const offset of Array.from({ length: rounds }, () => offsets).flat()) {
        await set(offset);
        await clockOf(one.url, offset);
        // A token of the right time at the other clock, and one of that clock at the right time.
        const [right, wrong] = [await fetchToken(other.url), await fetchToken(one.url)];
        const tried = [
          { what: 'a token of the right time', status: await statusWith(one.url, right), age: offset },
          { what: 'a token of that clock', status: await statusWith(other.url, wrong), age: -offset },
        ];
        for (const { what, status, age } of tried) {
          const expected = age >= -tolerance && age <= lifetime + tolerance ? 200 : 401;
          if (status !== expected)
            problems.push(`with the clock ${offset} s off, ${what} was answered with ${status} instead of ${expected}`);
        }
        [one.token, other.token] = [wrong, right];
        const load = await startLoad({ targets, history, random, clients: 4 });
        await load.more(60);
        await load.stop();
        await allCome(`with the clock ${offset} s off`);
      }
      const repeated = [...receiver.seen.values()].filter((times) => times > 1).length;
      if (repeated > 0) problems.push(`${repeated} webhooks came more than once`);
      problems.push(...disordered(receiver.order));

      // What it has claimed is anybody's when the lease is over, whatever its clock said. What was on its way may come twice.
      await set(day);
      await clockOf(one.url, day);
      one.token = await fetchToken(one.url);
      const load = await startLoad({ targets, history, random, clients: 4 });
      await load.more(60);
      await servers[0]?.end('SIGKILL');
      await load.stop();
      await set(-day);
      await installation.start();
      await allCome('after a kill and a start two days back');
      return { problems: [...problems, ...(await judge(history, targets))], note: `${receiver.seen.size} webhooks` };
    },
  },
];

/** Where Debian's `faketime` has its library for programs with threads. */
async function findLibrary(): Promise<string> {
  for (const machine of await readdir('/usr/lib').catch(() => [])) {
    const directory = join('/usr/lib', machine, 'faketime');
    const names = await readdir(directory).catch((): string[] => []);
    if (names.includes('libfaketimeMT.so.1')) return join(directory, 'libfaketimeMT.so.1');
  }
  throw new Skipped('faketime is not installed: apt-get install faketime');
}

/** Waits until the clock of a server is so far from ours. */
async function clockOf(url: string, offset: number): Promise<void> {
  for (const deadline = Date.now() + 30_000; ; await pause(100)) {
    const answer = await fetch(`${url}/healthz`);
    await answer.arrayBuffer();
    if (Math.abs(Date.parse(answer.headers.get('date') ?? '') - Date.now() - offset * 1000) < 10_000) return;
    if (Date.now() > deadline) throw new Error(`the clock of ${url} did not jump by ${offset} s`);
  }
}

async function statusWith(url: string, token: string): Promise<number> {
  return (await send(url, token, 'GET', '/api/v1/organizations?page_size=1')).status;
}

function disordered(order: Receiver['order']): string[] {
  const wrong = [...order].filter(([, versions]) => versions.some((version, index) => version !== index + 1));
  return wrong.map(([record, versions]) => `the webhooks of ${record} came in the order ${versions.join(', ')}`);
}
