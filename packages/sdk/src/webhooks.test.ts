import { Webhook } from 'standardwebhooks';
import { describe, expect, test } from 'vitest';
import { sign, verify, WebhookVerificationError } from './webhooks.ts';

const secret = `whsec_${Buffer.from('a secret of thirty-two bytes !!!').toString('base64')}`;
const body = JSON.stringify({ type: 'organization.updated', data: { name: 'Zoë' } });
const now = 1_795_000_000_000;

/** What a program without types gives. */
// biome-ignore lint/suspicious/noExplicitAny: that is what is tried
const untyped = (value: unknown): any => value;

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
  const bytes = new TextEncoder().encode(body);
  expect(await verify(bytes, new Headers(signed()), secret, { now })).toEqual(expected);
  expect(await verify(bytes.buffer, signed(), secret, { now })).toEqual(expected);
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
  // The time is in whole seconds, and that of the clock unless it is given.
  expect(await sign('evt_1', body, secret, { now: now + 999 })).toEqual(signed());
  await expect(verify(body, await sign('evt_1', body, secret), secret)).resolves.toEqual(JSON.parse(body));
  await expect(sign('evt_1', body, 'whsec_', { now })).rejects.toThrow(TypeError);
});

test('a secret counts with its prefix and without, whatever bytes it has', async () => {
  const bytes = Buffer.from(Array.from({ length: 32 }, (_, index) => 255 - index)).toString('base64');
  expect(await verify(body, await sign('evt_1', body, bytes, { now }), `whsec_${bytes}`, { now })).toEqual(JSON.parse(body));
  expect(await verify(body, signed(body, now, `whsec_${bytes}`), bytes, { now })).toEqual(JSON.parse(body));
});

test('as many as twenty signatures are tried', async () => {
  const right = signed()['webhook-signature'];
  const after = (count: number) => ({ ...signed(), 'webhook-signature': `${'v1,AAAA '.repeat(count)}${right}` });
  expect(await verify(body, after(19), secret, { now })).toEqual(JSON.parse(body));
  await expect(verify(body, after(20), secret, { now })).rejects.toThrow('no signature of the message was made with this secret');
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

  test.each([
    [{ 'webhook-id': undefined }, 'the header webhook-id is missing'],
    [{ 'webhook-id': '' }, 'the header webhook-id is missing'],
    [{ 'webhook-id': [] }, 'the header webhook-id is missing'],
    [{ 'webhook-timestamp': undefined }, 'the header webhook-timestamp is missing'],
    [{ 'webhook-signature': undefined }, 'the header webhook-signature is missing'],
    [{ 'webhook-timestamp': 'x1795000000' }, 'the header webhook-timestamp is not a number of seconds'],
    [{ 'webhook-timestamp': '1795000000x' }, 'the header webhook-timestamp is not a number of seconds'],
    [{ 'webhook-timestamp': '1795000000000' }, 'the header webhook-timestamp is not a number of seconds'],
    [{ 'webhook-signature': 'v1' }, 'no signature of the message was made with this secret'],
  ])('headers with %j: %s', async (change, message) => {
    const refused = verify(body, { ...signed(), ...change }, secret, { now });
    await expect(refused).rejects.toThrow(expect.objectContaining({ name: 'WebhookVerificationError', message }));
    await expect(refused).rejects.toThrow(WebhookVerificationError);
  });

  test('a message that came as Headers without its ID', async () => {
    const { 'webhook-id': _id, ...others } = signed();
    await expect(verify(body, new Headers(others), secret, { now })).rejects.toThrow('the header webhook-id is missing');
  });

  test('a message older or newer than five minutes', async () => {
    const told = (shift: number) => verify(body, signed(body, now + shift), secret, { now });
    await expect(told(-301_000)).rejects.toThrow('the message is too old: 301 seconds from now');
    await expect(told(301_000)).rejects.toThrow('the message is from the future: 301 seconds from now');
    for (const shift of [300_000, -300_000]) await expect(told(shift)).resolves.toBeDefined();
  });

  test('a message older or newer than the time that is tolerated', async () => {
    const told = (shift: number) => verify(body, signed(body, now + shift), secret, { now, tolerance: 10 });
    for (const shift of [11_000, -11_000]) await expect(told(shift)).rejects.toThrow(WebhookVerificationError);
    for (const shift of [10_000, -10_000]) await expect(told(shift)).resolves.toBeDefined();
  });

  test('a secret that is none is the caller’s mistake', async () => {
    for (const none of ['whsec_', '***']) {
      const refused = verify(body, signed(), none, { now });
      await expect(refused).rejects.toThrow(TypeError);
      await expect(refused).rejects.toThrow('the secret must be whsec_ and base64, as it was shown when the endpoint was made');
    }
  });

  test('a secret that is not set is no forged message, whatever else is wrong', async () => {
    for (const unset of ['', process.env.CROSSWALK_NO_SUCH_VARIABLE]) {
      const refused = verify(body, {}, untyped(unset), { now });
      await expect(refused).rejects.toThrow(TypeError);
      await expect(refused).rejects.toThrow('the secret of the webhook endpoint is not set');
    }
  });

  test('a body that was parsed already is no forged message', async () => {
    for (const [parsed, what] of [
      [JSON.parse(body), 'not an object that was parsed from it'],
      [undefined, 'not undefined'],
      [null, 'not null'],
    ]) {
      const refused = verify(untyped(parsed), signed(), secret, { now });
      await expect(refused).rejects.toThrow(TypeError);
      await expect(refused).rejects.toThrow('give the raw body, as a text or as bytes, ');
      await expect(refused).rejects.toThrow(what);
    }
    const { buffer } = Uint8Array.from(Buffer.from(body));
    expect(await verify(untyped(buffer), signed(), secret, { now })).toEqual(JSON.parse(body));
  });

  test('a tolerance that is misspelled', async () => {
    await expect(verify(body, signed(), secret, untyped({ tolerence: 10 }))).rejects.toThrow('did you mean tolerance?');
  });
});
