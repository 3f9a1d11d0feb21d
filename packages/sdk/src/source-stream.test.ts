import { createServer, type RequestListener } from 'node:http';
import { setTimeout as after } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type CallOptions, Crosswalk, type ImportSource, ValidationError } from './index.ts';

/** A server that a test scripts: what it does with a file. */
let receive: RequestListener = (request) => request.resume();
const server = createServer((request, response) => {
  if (request.url === '/oauth/token') response.end(JSON.stringify({ access_token: 'token', expires_in: 3600 }));
  else receive(request, response);
});
let url = '';
beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  url = typeof address === 'object' ? `http://127.0.0.1:${address?.port}` : '';
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});
const connect = () => new Crosswalk(url, 'skc_1', 'secret');

const row = { kind: 'user', email: 'endless@sdk.example' } as const;

/** Of a source without end: how often it was asked, and whether it was given back. */
interface Endless {
  asked: number;
  isGivenBack: boolean;
}

function* rowsOf(state: Endless) {
  try {
    for (;;) {
      state.asked += 1;
      yield row;
    }
  } finally {
    state.isGivenBack = true;
  }
}

async function* delayedRowsOf(state: Endless) {
  yield* rowsOf(state);
}

const streamOf = (state: Endless) =>
  new ReadableStream<Uint8Array>({
    pull: (controller) => {
      state.asked += 1;
      controller.enqueue(new TextEncoder().encode(`${JSON.stringify(row)}\n`));
    },
    cancel: () => {
      state.isGivenBack = true;
    },
  });

const endless: Record<string, (state: Endless) => ImportSource> = {
  'an asynchronous generator': delayedRowsOf,
  'a generator': rowsOf,
  'a stream': streamOf,
};

describe.each(Object.entries(endless))('%s is given back and read no more', (_name, make) => {
  const leaving = new AbortController();
  const ends: [string, RequestListener, CallOptions, unknown][] = [
    [
      'after an abort',
      (request) => request.on('data', () => leaving.abort()),
      { signal: leaving.signal },
      expect.objectContaining({ name: 'AbortError' }),
    ],
    [
      'after the time was up',
      (request) => request.resume(),
      { timeout: 1_000 },
      expect.objectContaining({ name: 'ConnectionError', message: expect.stringContaining('it took longer than 1000 milliseconds') }),
    ],
    [
      'after a refusal',
      (request, response) => {
        response.writeHead(400).end(JSON.stringify({ code: 3, message: 'no', details: [] }));
        request.resume();
      },
      {},
      expect.any(ValidationError),
    ],
  ];
  test.each(ends)('%s', async (_when, listener, options, error) => {
    receive = listener;
    const state: Endless = { asked: 0, isGivenBack: false };
    await expect(connect().imports.create(make(state), {}, options)).rejects.toEqual(error);
    await after(20);
    const { asked } = state;
    expect([state.isGivenBack, asked > 0]).toEqual([true, true]);
    await after(50);
    expect(state.asked).toBe(asked);
  });
});

test('rows are sent joined, and other work has its turn while they are', async () => {
  const parts: number[] = [];
  let body = '';
  receive = (request, response) => {
    request.on('data', (part: Buffer) => {
      parts.push(part.length);
      body += part.toString();
    });
    request.on('end', () => response.end(JSON.stringify({ import: { id: 'imp_1' } })));
  };
  const rows = Array.from({ length: 100_000 }, (_, index) => ({ kind: 'user', email: `${index}@sdk.example` }) as const);
  let turns = 0;
  const turning = setInterval(() => {
    turns += 1;
  });
  await connect().imports.create(rows);
  clearInterval(turning);
  expect(body).toBe(rows.map((one) => `${JSON.stringify(one)}\n`).join(''));
  expect(parts.length).toBeLessThan(1_000);
  expect(turns).toBeGreaterThan(20);
});

test('what is slow is sent as it comes', async () => {
  const times: number[] = [];
  receive = (request, response) => {
    request.on('data', () => times.push(Date.now()));
    request.on('end', () => response.end(JSON.stringify({ import: { id: 'imp_1' } })));
  };
  await connect().imports.create(
    (async function* () {
      for (let index = 0; index < 3; index += 1) {
        await after(1_000);
        yield row;
      }
    })(),
  );
  expect((times.at(-1) ?? 0) - (times[0] ?? 0)).toBeGreaterThan(900);
});

test('what was read is sent, though nothing follows it', async () => {
  const received = new Promise<string>((resolve) => {
    receive = (request) => void request.once('data', (part: Buffer) => resolve(part.toString()));
  });
  const stop = new AbortController();
  const source = (async function* () {
    yield row;
    await new Promise(() => {});
  })();
  const imported = connect().imports.create(source, {}, { signal: stop.signal });
  expect(await received).toBe(`${JSON.stringify(row)}\n`);
  stop.abort();
  await expect(imported).rejects.toMatchObject({ name: 'AbortError' });
});

test('what a source throws is what the import throws, and a call that sends nothing leaves the source as it is', async () => {
  receive = (request) => request.resume();
  const broken = (async function* () {
    yield row;
    throw new RangeError('the disk is gone');
  })();
  await expect(connect().imports.create(broken)).rejects.toThrow(new RangeError('the disk is gone'));
  const untouched = new Blob(['{}']).stream();
  await expect(
    new Crosswalk(url, 'skc_1', 'secret', { fetch: () => Promise.reject(new Error('no')), maxRetries: 0 }).imports.create(untouched),
  ).rejects.toThrow('no');
  expect(await new Response(untouched).text()).toBe('{}');
});
