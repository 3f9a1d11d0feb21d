import { Writable } from 'node:stream';
import { pino } from 'pino';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type App, buildApp } from '../app.ts';
import { createTestDatabase, type TestDatabase, testSettings } from '../testing.ts';
import { RequestLog } from './request-log.ts';

const lines: Record<string, unknown>[] = [];
const logger = pino(
  { level: 'debug' },
  new Writable({
    write(line, _encoding, done) {
      lines.push(JSON.parse(String(line)));
      done();
    },
  }),
);
let database: TestDatabase;
let app: App;

beforeAll(async () => {
  database = await createTestDatabase();
  app = await buildApp({ ...testSettings, pool: database.pool, logger });
});
afterAll(async () => {
  await app.server.close();
  await database.drop();
});

test('what a request logs carries its ID, which the answer has too', async () => {
  lines.length = 0;
  const { headers } = await app.server.inject({ url: '/nowhere', headers: { 'x-request-id': 'req-of-a-proxy' } });
  expect(headers['x-request-id']).toBe('req-of-a-proxy');
  expect(lines).toMatchObject([{ reqId: 'req-of-a-proxy', msg: 'request refused', error_code: 'ROUTE_NOT_FOUND', url: '/nowhere' }]);
});

test('a request that is answered logs nothing', async () => {
  lines.length = 0;
  expect((await app.server.inject('/healthz')).statusCode).toBe(200);
  expect(lines).toEqual([]);
});

test('the log of the server is that of the service', async () => {
  lines.length = 0;
  app.server.log.warn('heard');
  expect(lines).toMatchObject([{ msg: 'heard' }]);
});

test('every level is written, and a child keeps the ID', () => {
  lines.length = 0;
  const log = new RequestLog(logger, { reqId: 'req_1' });
  expect(log.level).toBe('debug');
  for (const level of ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const) log[level]({ level_name: level }, level);
  log.child({ part: 'a' }).info('of a part');
  expect(lines.map(({ reqId, level_name, msg, part }) => [reqId, level_name, msg, part])).toEqual([
    ...['fatal', 'error', 'warn', 'info', 'debug'].map((level) => ['req_1', level, level, undefined]),
    ['req_1', undefined, 'of a part', 'a'],
  ]);
});

test('a server that is about to stop says so to every probe, and logs no fault for it', async () => {
  lines.length = 0;
  app.announceStop();
  const { statusCode } = await app.server.inject('/readyz');
  const told = lines.filter(({ error_code: code }) => code === 'SERVER_STOPPING').map(({ level }) => level);
  expect([statusCode, told]).toEqual([503, [30]]);
});
