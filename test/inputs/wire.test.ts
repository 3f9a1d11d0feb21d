import { once } from 'node:events';
import { connect } from 'node:net';
import { expect, test } from 'vitest';
import { useTestServer } from '../../packages/server/src/testing.ts';
import { type WireInput, wireInputs } from './catalogue/wire.ts';
import { sendRaw } from './input.ts';

const server = useTestServer();

/** The last answer in a text: its head and its body, once both are whole. */
function lastAnswer(text: string): { head: string; body: string } | undefined {
  const [, head, rest = ''] = /^(?:HTTP\/1\.1 100 .*?\r\n\r\n)?(HTTP\/1\.1 [2-9].*?)\r\n\r\n(.*)$/s.exec(text) ?? [];
  const length = Number(/^content-length: ([0-9]+)$/im.exec(head ?? '')?.[1]);
  return head !== undefined && rest.length >= length ? { head, body: rest } : undefined;
}

async function organizationCount(): Promise<number> {
  const { rows } = await server.database.pool.query('select count(*)::int as count from organizations');
  return rows[0].count;
}

test.for(wireInputs.map((input): [string, WireInput] => [`${input.row} ${input.name}: ${input.expect}`, input]))(
  '%s',
  async ([, input], { task }) => {
    const before = await organizationCount();
    const head = input.head.replace('{auth}', `Authorization: Bearer ${server.client.token}\r\n`);
    const bytes = Buffer.concat([Buffer.from(head.endsWith('\n\n') ? head : `${head}\r\n`), Buffer.from(input.body ?? '')]);
    // Where the connection must end, its end is waited for: that is the proof.
    const { text, closed } = await sendRaw(server, bytes, (received) => !input.closes && lastAnswer(received) !== undefined);
    const answer = lastAnswer(text);
    task.meta.trial = { row: input.row, door: 'wire', answer: answer?.head.slice(9, 12) ?? 'closed' };
    expect([answer?.head.split('\r\n', 1)[0], closed]).toEqual([expect.stringContaining(`HTTP/1.1 ${input.expect} `), input.closes]);
    if (input.says !== undefined) expect(text).toMatch(input.says);
    if (input.expect >= 400) {
      const { code, message, details } = JSON.parse(answer?.body ?? '');
      expect([details[0].error_code, typeof code, message === '']).toEqual([input.code, 'number', false]);
      expect(answer?.head).toContain(`x-request-id: ${details[0].request_info.request_id}`);
      expect(await organizationCount(), 'a refused request writes nothing').toBe(before);
    }
  },
);

test('two requests sent at once are answered in order; what follows a bad one is not', async () => {
  const good = 'GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n';
  const both = await sendRaw(server, good + good.replace('healthz', 'keys'), (text) => text.includes('"kty"'));
  expect(both.text).toMatch(/"status":"ok".*"kty"/s);
  const { text } = await sendRaw(server, `${good}nonsense\r\n\r\n${good}`);
  expect([...text.matchAll(/^HTTP\/1\.1 ([0-9]+)/gm)].length).toBeLessThanOrEqual(2);
  expect(text).not.toMatch(/400.*"status":"ok"/s);
});

test('a client that resets its connection at once harms nobody', async () => {
  for (const text of ['CONNECT x:1 HTTP/1.1\r\nHost: x:1\r\n\r\n', 'nonsense\r\n\r\n', 'GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n']) {
    await Promise.all(
      Array.from({ length: 20 }, async () => {
        const socket = connect({ port: Number(new URL(server.url).port), host: '127.0.0.1' });
        await once(socket, 'connect');
        socket.write(text, () => socket.resetAndDestroy());
        await once(socket, 'close');
      }),
    );
  }
});

test('after all of it the next request is served', async () => {
  expect((await server.client.request('GET', '/api/v1/organizations')).status).toBe(200);
});
