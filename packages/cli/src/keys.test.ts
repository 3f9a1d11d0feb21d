import { expect, test } from 'vitest';
import { useTestServer } from '../../server/src/testing.ts';
import { runIn, variablesOf } from './testing.ts';

const server = useTestServer();
const keys = (...args: string[]) => runIn(variablesOf(server), ['keys', ...args]);

test('keys are listed with what each does, rotated, and revoked when that is confirmed', async () => {
  const first = await keys('list');
  expect([first.status, first.out]).toEqual([0, expect.stringMatching(/^key_\d+ {2}SIGNING +since 20\S+Z {2}\S{43}\n$/)]);
  const id = /^key_\d+/.exec(first.out)?.[0] ?? '';

  const rotated = await keys('rotate');
  expect(rotated.out).toMatch(/^key_\d+ {2}NEXT +from 20/);
  expect(rotated.err).toMatch(/^key_\d+ signs from 20\S+Z on\n$/);
  const next = /^key_\d+/.exec(rotated.out)?.[0] ?? '';
  expect(JSON.parse((await keys('list', '--json')).out)).toMatchObject([
    { id: next, state: 'NEXT' },
    { id, state: 'SIGNING' },
  ]);

  expect(await keys('revoke', id)).toMatchObject({ status: 2, err: expect.stringContaining('--yes') });
  const revoked = await keys('revoke', id, '--yes');
  expect([revoked.status, revoked.out]).toEqual([0, expect.stringMatching(new RegExp(`^${id} {2}REVOKED +since 20`))]);
  // The tokens of before are refused: this took a new one.
  expect((await keys('list')).out).toMatch(new RegExp(`^${next} {2}SIGNING[^\\n]*\\n${id} {2}REVOKED`));
  expect(await keys('revoke', 'key_7', '--yes')).toMatchObject({ status: 1, err: expect.stringContaining('SIGNING_KEY_NOT_FOUND') });
});
