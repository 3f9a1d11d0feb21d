import { Webhook } from 'standardwebhooks';
import { describe, expect, test } from 'vitest';
import { sign, verify, WebhookVerificationError } from './webhooks.ts';

const secret = `whsec_${Buffer.from('a secret of thirty-two bytes !!!').toString('base64')}`;
const body = JSON.stringify({ type: 'organization.updated', data: { name: 'Zoë' } });
const now = 1_795_000_000_000;

function signed(payload = body, at = now, key = secret): Record<string, string> {
  return {
    'webhook-id': 'evt_1',
    'webhook-timestamp': String(at / 1000),
    'webhook-signature': new Webhook(key).sign('evt_1', new Date(at), payload),
  };
}

test('what the library of Standard Webhooks signs is accepted, as text, as bytes, with headers of any kind', async () => {
  const expected = JSON.parse(body);
  expect(await verify(body, signed(), secret, { now })).toEqual(expected);
  expect(await verify(new TextEncoder().encode(body), new Headers(signed()), secret, { now })).toEqual(expected);
  expect(
    await verify(
      body,
      { 'Webhook-Id': ['evt_1'], 'Webhook-Timestamp': String(now / 1000), 'Webhook-Signature': signed()['webhook-signature'] },
      secret,
      { now },
    ),
  ).toEqual(expected);
});

test('what is signed here is what the library of Standard Webhooks signs', async () => {
  expect(await sign('evt_1', body, secret, { now })).toEqual(signed());
  await expect(sign('evt_1', body, 'whsec_', { now })).rejects.toThrow(TypeError);
});

test('one valid signature among several is enough: a secret may be replaced without a gap', async () => {
  const other = signed(body, now, `whsec_${Buffer.from('another secret of 32 bytes here!').toString('base64')}`);
  expect(
    await verify(
      body,
      { ...signed(), 'webhook-signature': `${other['webhook-signature']} v2,abc ${signed()['webhook-signature']}` },
      secret,
      { now },
    ),
  ).toEqual(JSON.parse(body));
});

describe('is refused (W21)', () => {
  test.each([
    ['another body', `${body} `, signed()],
    ['another ID', body, { ...signed(), 'webhook-id': 'evt_2' }],
    ['another time', body, { ...signed(), 'webhook-timestamp': String(now / 1000 + 1) }],
    ['an empty signature', body, { ...signed(), 'webhook-signature': 'v1,' }],
    ['a short signature', body, { ...signed(), 'webhook-signature': 'v1,AAAA' }],
    ['another version', body, { ...signed(), 'webhook-signature': signed()['webhook-signature']?.replace('v1,', 'v2,') }],
    ['a signature that is not base64', body, { ...signed(), 'webhook-signature': 'v1,***' }],
    [
      'a thousand wrong ones before the right one',
      body,
      { ...signed(), 'webhook-signature': `${'v1,AAAA '.repeat(1000)}${signed()['webhook-signature']}` },
    ],
    ['a time in another notation', body, { ...signed(), 'webhook-timestamp': '1e9' }],
    ['no headers', body, {}],
  ])('%s', async (_name, payload, headers) => {
    await expect(verify(payload, headers, secret, { now })).rejects.toThrow(WebhookVerificationError);
  });

  test('a message older or newer than five minutes', async () => {
    for (const shift of [301_000, -301_000])
      await expect(verify(body, signed(body, now + shift), secret, { now })).rejects.toThrow(/too old|future/);
    for (const shift of [299_000, -299_000]) await expect(verify(body, signed(body, now + shift), secret, { now })).resolves.toBeDefined();
  });

  test('a secret that is none is the caller’s mistake', async () => {
    await expect(verify(body, signed(), 'whsec_', { now })).rejects.toThrow(TypeError);
  });
});
