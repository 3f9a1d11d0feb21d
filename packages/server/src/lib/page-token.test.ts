import { expect, test } from 'vitest';
import { PageTokens } from './page-token.ts';

const tokens = new PageTokens([new Uint8Array(32).fill(7)]);
const token = tokens.write('env_1 /users', { direction: 'next', id: '915840612345678901' });

test('a token reads back in its own scope', () => {
  expect(tokens.read('env_1 /users', token)).toEqual({ direction: 'next', id: '915840612345678901' });
});

test('a token of another environment, route, filter or key is refused (P4, P5)', () => {
  expect(tokens.read('env_2 /users', token)).toBeUndefined();
  expect(tokens.read('env_1 /organizations', token)).toBeUndefined();
  expect(new PageTokens([new Uint8Array(32).fill(8)]).read('env_1 /users', token)).toBeUndefined();
});

test('a token with any one bit flipped is refused (P2)', () => {
  const bytes = Buffer.from(token, 'base64url');
  for (let bit = 0; bit < bytes.length * 8; bit += 1) {
    const flipped = Buffer.from(bytes);
    flipped.writeUInt8(flipped.readUInt8(bit >> 3) ^ (1 << (bit & 7)), bit >> 3);
    expect(tokens.read('env_1 /users', flipped.toString('base64url'))).toBeUndefined();
  }
});

test('another spelling of the same bytes is refused (P3)', () => {
  for (const spelling of [`${token}=`, `${token}\n`, ` ${token}`, `${token}AA`, token.slice(0, -1), '']) {
    expect(tokens.read('env_1 /users', spelling)).toBeUndefined();
  }
});
