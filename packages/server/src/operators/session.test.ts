import { createHmac } from 'node:crypto';
import { expect, test } from 'vitest';
import { newSecret } from '../lib/secret.ts';
import { csrfTokenOf, isSessionToken, sessionLife } from './session.ts';

test('a session lasts twelve hours without use, and seven days', () => {
  expect(sessionLife).toEqual({ idleHours: 12, days: 7 });
});

test('only what could be a session’s token is looked for', () => {
  const token = newSecret('cwo');
  expect(isSessionToken(token)).toBe(true);
  for (const other of ['', newSecret('cwk'), token.slice(0, -1), `${token}a`, `a${token}`, `${token}\n`, `${token.slice(0, -1)}=`]) {
    expect([other, isSessionToken(other)]).toEqual([other, false]);
  }
});

test('the token of a change follows from that of its session, the same in all servers and releases', () => {
  const [one, other] = [newSecret('cwo'), newSecret('cwo')];
  expect(csrfTokenOf(one)).toBe(createHmac('sha256', one).update('csrf').digest('base64url'));
  expect(csrfTokenOf(one)).not.toBe(csrfTokenOf(other));
});
