import { createHmac } from 'node:crypto';
import { expect, test } from 'vitest';
import { type PagePosition, PageTokens } from './page-token.ts';

const [key, another] = [new Uint8Array(32).fill(7), new Uint8Array(32).fill(8)];
const scope = 'env_1 /users';
const id = '915840612345678901';

const tokens = () => new PageTokens([key]);
const write = () => tokens().write(scope, { direction: 'next', id });
const read = (token: string) => tokens().read(scope, token);
/** A token of any bytes, signed as ours are: 16 bytes of HMAC-SHA256 of scope, NUL and payload stand before the payload. */
const signed = (payload: string) =>
  Buffer.concat([createHmac('sha256', key).update(`${scope}\0${payload}`).digest().subarray(0, 16), Buffer.from(payload)]).toString(
    'base64url',
  );

test.each<PagePosition>([
  { direction: 'next', id },
  { direction: 'prev', id },
])('a token reads back in its own scope: %j', (position) => {
  expect(read(tokens().write(scope, position))).toEqual(position);
});

test('a token is the same in all servers and releases, and says its place behind its MAC', () => {
  expect(write()).toBe(signed(`n${id}`));
  expect(tokens().write(scope, { direction: 'prev', id })).toBe(signed(`p${id}`));
});

test('a token of another environment, route, filter or key is refused (P4, P5)', () => {
  for (const other of ['env_2 /users', 'env_1 /organizations', 'env_1 /user', '']) expect(tokens().read(other, write())).toBeUndefined();
  expect(new PageTokens([another]).read(scope, write())).toBeUndefined();
});

test('no letter can be moved from the place to the scope', () => {
  expect(tokens().read(`${scope}n`, signed(id))).toBeUndefined();
  const bytes = Buffer.from(write(), 'base64url');
  const moved = Buffer.concat([bytes.subarray(0, 16), bytes.subarray(17)]).toString('base64url');
  expect(tokens().read(`${scope}n`, moved)).toBeUndefined();
});

test('while the key is being changed, tokens of either are read, and the first makes them', () => {
  const both = new PageTokens([another, key]);
  expect(both.read(scope, write())).toEqual({ direction: 'next', id });
  expect(new PageTokens([another]).read(scope, both.write(scope, { direction: 'next', id }))).toEqual({ direction: 'next', id });
  expect(read(both.write(scope, { direction: 'next', id }))).toBeUndefined();
});

test('a token with any one bit flipped is refused (P2)', () => {
  const bytes = Buffer.from(write(), 'base64url');
  for (let bit = 0; bit < bytes.length * 8; bit += 1) {
    const flipped = Buffer.from(bytes);
    flipped.writeUInt8(flipped.readUInt8(bit >> 3) ^ (1 << (bit & 7)), bit >> 3);
    expect(read(flipped.toString('base64url'))).toBeUndefined();
  }
});

test('another spelling of the same bytes is refused (P3)', () => {
  const token = write();
  for (const spelling of [`${token}=`, `${token}\n`, ` ${token}`, `${token}AA`, token.slice(0, -1), '']) {
    expect(read(spelling)).toBeUndefined();
  }
});

test('a token that says no place is refused, signed or not', () => {
  for (const length of [0, 1, 15, 16]) expect(read(Buffer.alloc(length).toString('base64url'))).toBeUndefined();
  expect(read(signed(''))).toBeUndefined();
});
