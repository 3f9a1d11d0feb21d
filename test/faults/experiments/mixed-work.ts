import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Crosswalk } from '@crosswalk/sdk';
import { credentials } from '../../../tools/programs/credentials.ts';
import type { Target } from '../client.ts';
import { percentile99 } from '../crowd.ts';
import { type Experiment, pause, type Setting } from '../experiment.ts';
import { send } from '../writers.ts';

/** How long it goes on in a round: a database counts what is in its tables once a minute, and plans by what it counted. Milliseconds. */
const duration = 60_000;
/** Customers of one import, each with a user and a membership. */
const imported = 5_000;

/** Everything at once, none of which may keep another: what holds the feed or an endpoint for long shows as requests that are refused. */
export const mixedWork: Experiment[] = [
  {
    name: 'T9',
    what: 'all kinds of work at once on a new database, with an endpoint that hangs and one that refuses: no request is refused',
    rounds: 1,
    async run(setting) {
      const { targets } = await setting.install({ engine: 'external', servers: 2, settings: { CROSSWALK_WEBHOOK_ALLOW: '127.0.0.0/8' } });
      const [target] = targets;
      if (target === undefined) throw new Error('there are two servers');
      const work = new Work(targets, setting.random, Date.now() + duration * setting.rounds);
      const endpoints: string[] = [];
      for (const status of [204, undefined, 500]) {
        const { webhook_endpoint: endpoint } = await work.ask('POST', '/api/v1/webhook_endpoints', {
          url: await startEndpoint(setting, status),
        });
        endpoints.push(endpoint.id);
      }
      // Some to begin with, for whoever asks for one.
      for (let count = 0; count < 20; count += 1) await work.change();
      await Promise.all([
        ...Array.from({ length: 6 }, () => work.again(() => work.change(), 10)),
        ...Array.from({ length: 2 }, () => work.follow()),
        work.again(() => work.import(target), 0),
        work.again(() => work.look(endpoints), 20),
        work.again(() => work.look(endpoints), 20),
        work.again(() => work.ask('GET', '/api/v1/export?kinds=organization'), 5_000),
        work.again(() => work.replay(endpoints[0] ?? ''), 15_000),
      ]);
      return { problems: work.problems(), note: work.note() };
    },
  },
];

/** Whoever works, and what they were told. */
class Work {
  readonly #targets: readonly Target[];
  readonly #random: (max: number) => number;
  readonly #end: number;
  readonly #organizations: string[] = [];
  readonly #refused = new Map<string, number>();
  /** how long answers took, by what was asked for. Milliseconds. */
  readonly #times = new Map<string, number[]>();
  #last = 0;
  #imports = 0;

  constructor(targets: readonly Target[], random: (max: number) => number, end: number) {
    this.#targets = targets;
    this.#random = random;
    this.#end = end;
  }

  /** Does something again and again until the end, with pauses of so many milliseconds. */
  async again(work: () => Promise<unknown>, milliseconds: number): Promise<void> {
    while (Date.now() < this.#end) {
      await work();
      await pause(Math.min(milliseconds, Math.max(0, this.#end - Date.now())));
    }
  }

  /** Asks one of the servers; the body of its answer, empty where it refused. A record may be gone by then. */
  async ask(method: string, path: string, body?: unknown) {
    const { url, token } = this.#any(this.#targets);
    const begin = performance.now();
    const name = `${method} ${path.replace(/\?.*/, '').replace(/_\d+/, '_N').replace(/M-\d+/, 'N')}`;
    const { status, body: answer } = await send(url, token, method, path, body);
    const times = this.#times.get(name) ?? [];
    times.push(performance.now() - begin);
    this.#times.set(name, times);
    if (status < 400) return Object(answer);
    const said = `${name} was answered with ${status}: ${Object(answer).message}`;
    if (status !== 404) this.#refused.set(said, (this.#refused.get(said) ?? 0) + 1);
    return {};
  }

  async change(): Promise<void> {
    this.#last += 1;
    const number = this.#last;
    const what = this.#random(100);
    if (what <= 40 || this.#organizations.length < 20) {
      const ids = { external_id: `M-${number}`, external_ids: { stripe: `cus_${number}` } };
      const { organization } = await this.ask('POST', '/api/v1/organizations', { display_name: `Mixed ${number}`, ...ids });
      if (organization !== undefined) this.#organizations.push(organization.id);
    } else if (what <= 55) {
      const user = { email: `m${number}@example.com`, external_id: `MU-${number}`, send_invitation_email: false };
      await this.ask('POST', `/api/v1/organizations/${this.#any(this.#organizations)}/users`, user);
    } else if (what <= 90) {
      await this.ask('PATCH', `/api/v1/organizations/${this.#any(this.#organizations)}`, { metadata: { [`k${number % 20}`]: number } });
    } else if (what <= 95) {
      await this.ask('PUT', `/api/v1/organizations:external/M-${number}`, { display_name: `Upserted ${number}` });
    } else {
      const [id] = this.#organizations.splice(this.#random(this.#organizations.length) - 1, 1);
      await this.ask('DELETE', `/api/v1/organizations/${id}`);
    }
  }

  /** Reads the feed from cursor to cursor. */
  async follow(): Promise<void> {
    let cursor = '';
    await this.again(async () => {
      const { next_cursor: next = cursor } = await this.ask(
        'GET',
        `/api/v1/events?limit=500&wait=2${cursor === '' ? '' : `&after=${cursor}`}`,
      );
      cursor = next;
    }, 0);
  }

  async look(endpoints: readonly string[]): Promise<void> {
    const record = `/api/v1/organizations/${this.#any(this.#organizations)}`;
    const deliveries = `/api/v1/webhook_endpoints/${this.#any(endpoints)}/deliveries`;
    const lists = ['/api/v1/organizations?page_size=50', '/api/v1/users', '/api/v1/imports', '/api/v1/events:search?page_size=20'];
    await this.ask('GET', this.#any([record, `${record}/history`, deliveries, '/api/v1/overview', '/api/v1/search?q=Mixed', ...lists]));
  }

  async replay(endpoint: string): Promise<void> {
    const [from, to] = [Date.now() - 60_000, Date.now() - 1_000].map((time) => new Date(time));
    await this.ask('POST', `/api/v1/webhook_endpoints/${endpoint}:replay`, { from, to });
  }

  /** Imports new customers, and takes every other import back. */
  async import({ url }: Target): Promise<void> {
    this.#imports += 1;
    const number = this.#imports;
    const { imports } = new Crosswalk(url, credentials.id, credentials.secret, { maxRetries: 0 });
    const { id } = await imports.create(linesOf(number));
    const { state, rows_rejected: rejected } = await imports.wait(id, { interval: 200 });
    if (state !== 'DONE' || rejected > 0) this.#refused.set(`an import ended as ${state}, with ${rejected} rows rejected`, 1);
    if (number % 2 === 0) await imports.undo(id);
  }

  problems(): string[] {
    return [...this.#refused].map(([said, count]) => `${said} (${count} times)`);
  }

  note(): string {
    const slowest = [...this.#times].map(([name, times]) => ({ name, p99: Math.round(percentile99(times)) })).sort((a, b) => b.p99 - a.p99);
    const times = slowest.slice(0, 3).map(({ name, p99 }) => `${name} ${p99} ms`);
    return `${this.#last} changes, ${this.#imports} imports of ${3 * imported} rows; the slowest p99: ${times.join(', ')}`;
  }

  #any<Item>(items: readonly Item[]): Item {
    const item = items[this.#random(Math.max(1, items.length)) - 1];
    if (item === undefined) throw new Error('there is none to choose');
    return item;
  }
}

function* linesOf(number: number): Generator<Uint8Array> {
  const encoder = new TextEncoder();
  for (let row = 1; row <= imported; row += 1) {
    const [organization, user] = [{ external_id: `I${number}-O${row}` }, { external_id: `I${number}-U${row}` }];
    const records = [
      { kind: 'organization', ...organization, display_name: `Imported ${row}` },
      { kind: 'user', ...user, email: `i${number}-${row}@example.com` },
      { kind: 'membership', organization, user, roles: ['member'] },
    ];
    yield encoder.encode(records.map((record) => `${JSON.stringify(record)}\n`).join(''));
  }
}

/** A receiver that answers with a status; with none, never. */
async function startEndpoint({ afterwards }: Setting, status: number | undefined): Promise<string> {
  const server = createServer((request, response) => {
    request.resume().once('end', () => {
      if (status !== undefined) response.writeHead(status).end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  afterwards(async () => {
    server.closeAllConnections();
    server.close();
  });
  const { port }: AddressInfo = Object(server.address());
  return `http://127.0.0.1:${port}/`;
}
