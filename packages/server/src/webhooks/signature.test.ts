import { Webhook } from 'standardwebhooks';
import { expect, test } from 'vitest';
import { ApiError } from '../lib/api-error.ts';
import { deriveKeys, seal } from '../lib/seal.ts';
import { newWebhookSecret, openSecrets, requireWebhookSecret, signatureHeaders } from './signature.ts';

const secretOf = (bytes: number) => `whsec_${Buffer.alloc(bytes, 7).toString('base64')}`;

function refusal(secret: string): unknown {
  try {
    return requireWebhookSecret(secret);
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    return error.detail.violations;
  }
}

test('a new secret has 256 random bits behind whsec_, in plain base64', () => {
  const secret = newWebhookSecret();
  expect(secret).toMatch(/^whsec_[A-Za-z0-9+/]{43}=$/);
  expect(secret).not.toBe(newWebhookSecret());
  expect(requireWebhookSecret(secret)).toBe(secret);
});

test.each([24, 32, 64])('a secret of %i bytes is taken as it is', (bytes) => {
  expect(refusal(secretOf(bytes))).toBe(secretOf(bytes));
});

test.each([
  ['', 'must begin with whsec_', 'prefix'],
  [secretOf(32).replace('whsec_', 'whsek_'), 'must begin with whsec_', 'prefix'],
  [`whsec_${Buffer.alloc(32, 255).toString('base64url')}`, 'must be plain padded base64 after whsec_', 'base64'],
  [secretOf(32).replace('=', ''), 'must be plain padded base64 after whsec_', 'base64'],
  [`${secretOf(32)}\n`, 'must be plain padded base64 after whsec_', 'base64'],
  [secretOf(23), 'must have 24 to 64 bytes in base64, not 23', 'length'],
  [secretOf(65), 'must have 24 to 64 bytes in base64, not 65', 'length'],
  ['whsec_', 'must have 24 to 64 bytes in base64, not 0', 'length'],
])('the secret %j is refused: %s', (secret, description, constraint) => {
  expect(refusal(secret)).toEqual([{ field: 'secret', description, constraint }]);
});

test('the headers are those of Standard Webhooks, with a signature for each secret', () => {
  const [one, other] = [secretOf(24), secretOf(64)];
  const body = '{"name":"Zoë"}';
  // The time is in whole seconds.
  const headers = signatureHeaders([one, other], 'evt_1', 1_795_000_000_999, body);
  const sign = (secret: string) => new Webhook(secret).sign('evt_1', new Date(1_795_000_000_000), body);
  expect(headers).toEqual({
    'webhook-id': 'evt_1',
    'webhook-timestamp': '1795000000',
    'webhook-signature': `${sign(one)} ${sign(other)}`,
  });
});

test('sealed secrets are opened with the newest first; an older one of a lost key is left out, and without the newest there is none', () => {
  const keys = deriveKeys(['the key of this server'], 'webhooks');
  const lost = deriveKeys(['a key that was lost'], 'webhooks');
  const sealed = (text: string, by = keys) => seal(by, Buffer.from(text));
  expect(openSecrets(keys, [sealed('newest'), sealed('older'), sealed('oldest')])).toEqual(['newest', 'older', 'oldest']);
  expect(openSecrets(keys, [sealed('newest'), sealed('older', lost), sealed('oldest')])).toEqual(['newest', 'oldest']);
  expect(openSecrets(keys, [sealed('newest', lost), sealed('older')])).toBeUndefined();
  expect(openSecrets(keys, [])).toBeUndefined();
});
