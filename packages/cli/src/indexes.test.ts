import { beforeAll, expect, test } from 'vitest';
import { useTestServer } from '../../server/src/testing.ts';
import { runIn, variablesOf } from './testing.ts';

const server = useTestServer();
const indexes = (...args: string[]) => runIn(variablesOf(server), ['indexes', ...args]);

beforeAll(() => server.startWork());

test('an index is created, waited for, listed, and deleted when that is confirmed', async () => {
  const made = await indexes('create', 'metadata.seats', '--type', 'number', '--wait');
  expect([made.status, made.out]).toEqual([0, expect.stringMatching(/^midx_\d+ {2}READY {5}organization {2}metadata\.seats {2}number\n$/)]);
  const id = /^midx_\d+/.exec(made.out)?.[0] ?? '';
  expect((await indexes('create', 'metadata.code', '--type', 'text', '--of', 'user')).out).toContain('  user  metadata.code  text');
  expect(JSON.parse((await indexes('list', '--json')).out)).toMatchObject([
    { kind: 'user' },
    { id, key: 'metadata.seats', type: 'number' },
  ]);
  expect((await indexes('create', 'metadata.seats', '--type', 'number')).err).toContain(id);

  expect(await indexes('delete', id)).toMatchObject({ status: 2, err: expect.stringContaining('--yes') });
  const deleted = await indexes('delete', id, '--yes', '--json');
  expect([deleted.status, JSON.parse(deleted.out), deleted.err]).toEqual([0, { deleted: id }, `deleted ${id}\n`]);
  expect(await indexes('delete', id, '--yes')).toMatchObject({ status: 1, err: expect.stringContaining('METADATA_INDEX_NOT_FOUND') });
});

test('what is missing or wrong in the command is told before anything is sent', async () => {
  expect(await indexes('create', 'metadata.seats')).toMatchObject({ status: 2, err: expect.stringContaining('--type') });
  expect(await indexes('create', 'metadata.seats', '--type', 'date')).toMatchObject({
    status: 2,
    err: expect.stringContaining('number, text'),
  });
  expect((await indexes('create', 'metadata.seats', '--type', 'text', '--of', 'role')).status).toBe(2);
  expect(await indexes('create', 'seats', '--type', 'number')).toMatchObject({ status: 1, err: expect.stringContaining('key: ') });
});
