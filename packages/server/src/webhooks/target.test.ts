import { afterAll, expect, test } from 'vitest';
import { startNameServer } from '../../../../test/name-server.ts';
import { ApiError } from '../lib/api-error.ts';
import { Sender } from './sender.ts';
import { TargetError, Targets } from './target.ts';
import { startReceiver } from './testing.ts';

/** The names that were asked for. */
const asked: string[] = [];
let isBroken = true;

const names = await startNameServer((name, nth) => {
  asked.push(name);
  if (name === 'public.example') return { v4: ['93.184.215.14'], v6: ['2606:2800:21f::1'] };
  if (name === 'private.example') return { v4: ['10.1.2.3'] };
  if (name === 'both.example') return { v4: ['93.184.215.14', '192.168.0.1'] };
  if (name === 'six.example') return { v6: ['fd00::1'] };
  if (name === 'metadata.example') return { v4: ['169.254.169.254'] };
  if (name === 'thousand.example') return { v4: Array.from({ length: 1000 }, () => '93.184.215.14') };
  if (name === 'rebinding.example') return { v4: [nth === 1 ? '93.184.215.14' : '127.0.0.1'] };
  if (name === 'mended.example') return isBroken ? 'failure' : { v4: ['93.184.215.14'] };
  if (name === 'loopback.example') return { v4: ['127.0.0.1'] };
  return name === 'broken.example' ? 'failure' : undefined;
});
afterAll(() => names.close());

const closed = () => new Targets({ allow: [], publicUrl: 'https://crosswalk.example', nameServers: [names.address] });
const reasonOf = (work: Promise<unknown>) => work.then(() => 'let through').catch((error: Error) => error.message);

test.each([
  // W4
  ...[
    '127.0.0.1',
    '127.1',
    '0x7f.1',
    '0177.0.0.1',
    '2130706433',
    '0',
    '0.0.0.0',
    '127.255.255.255',
    '10.0.0.1',
    '172.16.0.1',
    '192.168.1.1',
    '100.64.0.1',
    '169.254.169.254',
    '198.18.0.1',
    '224.0.0.1',
    '255.255.255.255',
    '192.0.2.1',
  ],
  // W5
  ...['①②⑦.0.0.1', '127。0。0。1', 'ⓛocalhost', 'LOCALHOST', 'localhost.', 'x.localhost'],
  // W6
  ...['[::1]', '[::]', '[::ffff:127.0.0.1]', '[::ffff:7f00:1]', '[::7f00:1]', '[0:0:0:0:0:0:0:1]'],
  // W7
  ...[
    '[64:ff9b::7f00:1]',
    '[64:ff9b:1::1]',
    '[2002:7f00:1::]',
    '[2001:0::]',
    '[fec0::1]',
    '[fe80::1]',
    '[fc00::1]',
    '[ff02::1]',
    '[2001:db8::1]',
    '[100::1]',
  ],
  // W9
  ...['private.example', 'both.example', 'six.example', 'metadata.example'],
])('nothing is sent to https://%s/ (W4 to W9)', async (host) => {
  expect(await reasonOf(closed().requireUrl(`https://${host}/`))).toContain('is in a network that CROSSWALK_WEBHOOK_ALLOW does not list');
});

test.each(['93.184.215.14', '[2606:2800:21f::1]', 'public.example', 'unknown.example', 'broken.example'])(
  'an endpoint at https://%s/ can be made: it is public, or nobody knows yet where it is',
  async (host) => {
    expect(await closed().requireUrl(`https://${host}/hook`)).toBe(`https://${host}/hook`);
  },
);

test.each([
  ['', 'must be an address such as https://app.example.com/hooks', 'url'],
  ['app.example.com/hooks', 'must be an address such as https://app.example.com/hooks', 'url'],
  ['https://public.example/\0', 'must be an address such as https://app.example.com/hooks', 'url'],
  ['https://public.example/\ud800', 'must be an address such as https://app.example.com/hooks', 'url'],
  ['ftp://public.example/', 'must begin with https://', 'protocol'],
  ['file:///etc/hosts', 'must begin with https://', 'protocol'],
  ['https://user:password@public.example/', 'must have no user name and password: messages are signed', 'credentials'],
  ['https://user@public.example/', 'must have no user name and password: messages are signed', 'credentials'],
  ['https://:password@public.example/', 'must have no user name and password: messages are signed', 'credentials'],
  ['https://public.example/#part', 'must have no fragment (#…): it is never sent', 'fragment'],
  [`https://public.example/${'a'.repeat(2026)}`, 'must have at most 2048 characters', 'max_length'],
  ['https://crosswalk.example/hook', 'is this service itself', 'own_address'],
  ['https://CROSSWALK.example:443/', 'is this service itself', 'own_address'],
  ['http://public.example/', 'http is for networks that CROSSWALK_WEBHOOK_ALLOW lists; use https', 'address'],
  ['https://127.0.0.1/', '127.0.0.1 is in a network that CROSSWALK_WEBHOOK_ALLOW does not list', 'address'],
  ['https://private.example/', 'private.example (10.1.2.3) is in a network that CROSSWALK_WEBHOOK_ALLOW does not list', 'address'],
])('no endpoint can be made at %j, and the answer says why (W1 to W3)', async (url, description, constraint) => {
  const error = await closed()
    .requireUrl(url)
    .catch((reason: unknown) => reason);
  if (!(error instanceof ApiError)) throw error;
  expect([error.code, error.detail.violations]).toEqual(['INVALID_WEBHOOK_URL', [{ field: 'url', description, constraint }]]);
});

test.each([
  ['HTTPS://Public.example:443/Hook?a=1', 'https://public.example/Hook?a=1'],
  ['https://crosswalk.example:8443/', 'https://crosswalk.example:8443/'],
  ['https://localhost.example/', 'https://localhost.example/'],
  ['https://notlocalhost/', 'https://notlocalhost/'],
  [`https://public.example/${'a'.repeat(2025)}`, `https://public.example/${'a'.repeat(2025)}`],
])('%s is kept as %s', async (url, kept) => {
  expect(await closed().requireUrl(url)).toBe(kept);
});

test('where http is allowed, it is for the networks that are listed alone', async () => {
  const targets = new Targets({ allow: ['10.0.0.0/8'], publicUrl: 'https://crosswalk.example', nameServers: [names.address] });
  expect(await targets.requireUrl('http://10.1.2.3/')).toBe('http://10.1.2.3/');
  expect(await targets.requireUrl('http://private.example/')).toBe('http://private.example/');
  expect(await reasonOf(targets.requireUrl('http://public.example/'))).toContain(
    'public.example (93.184.215.14) is a public address: use https',
  );
  expect(await reasonOf(targets.requireUrl('http://93.184.215.14/'))).toContain('93.184.215.14 is a public address: use https');
  expect(await targets.requireUrl('https://public.example/')).toBe('https://public.example/');
});

test('a name is asked for once in a while, an address and this machine never, and what failed at once again', async () => {
  const targets = closed();
  const asksFor = async (work: () => Promise<unknown>) => {
    asked.length = 0;
    await work().catch(() => {});
    return new Set(asked);
  };
  expect(await asksFor(() => targets.resolve('https:', 'public.example'))).toEqual(new Set(['public.example']));
  expect(await asksFor(() => targets.resolve('https:', 'public.example'))).toEqual(new Set());
  expect(await asksFor(() => targets.requireUrl('https://93.184.215.14/'))).toEqual(new Set());
  expect(await asksFor(() => targets.requireUrl('https://a.b.localhost/'))).toEqual(new Set());
  await expect(targets.resolve('https:', 'mended.example')).rejects.toThrow('the name servers do not answer');
  isBroken = false;
  expect(await targets.resolve('https:', 'mended.example')).toEqual([{ address: '93.184.215.14', family: 4 }]);
});

test('each connection is checked again, and goes to an address that was checked (W9, W10)', async () => {
  const targets = closed();
  expect(await targets.requireUrl('https://rebinding.example/')).toBe('https://rebinding.example/');
  const now = closed();
  await expect(now.resolve('https:', 'rebinding.example')).rejects.toThrow(TargetError);
  await expect(closed().resolve('https:', 'rebinding.example')).rejects.toThrow(expect.objectContaining({ name: 'TargetError' }));
  expect(await targets.resolve('https:', 'public.example')).toEqual([
    { address: '93.184.215.14', family: 4 },
    { address: '2606:2800:21f::1', family: 6 },
  ]);
  await expect(targets.resolve('https:', 'both.example')).rejects.toThrow('192.168.0.1');
  await expect(targets.resolve('https:', 'nobody.example')).rejects.toThrow('nobody.example has no address');
  await expect(targets.resolve('https:', 'broken.example')).rejects.toThrow('the name servers do not answer');
});

test('networks that the settings list are reached, with http too, and no others', async () => {
  const receiver = await startReceiver();
  const { port } = new URL(receiver.url);
  const targets = new Targets({ allow: ['127.0.0.0/8', 'fd00::/8'], publicUrl: 'https://crosswalk.example', nameServers: [names.address] });
  const sender = new Sender({ targets, timeout: 2_000 });
  const send = async (url: string) => {
    const { status, error } = await sender.send({ url, headers: {}, body: '{}' });
    return status ?? error;
  };
  expect(await send(`http://127.0.0.1:${port}/`)).toBe(204);
  expect(await send(`http://loopback.example:${port}/`)).toBe(204);
  expect(await send(`http://[::ffff:127.0.0.1]:${port}/`)).toBe(204);
  expect(await send('http://93.184.215.14/')).toBe('93.184.215.14 is a public address: use https');
  expect(await send('http://public.example/')).toBe('public.example (93.184.215.14) is a public address: use https');
  expect(await send('https://10.0.0.1/')).toContain('does not list');
  expect(await send('https://private.example/')).toContain('does not list');
  await sender.stop();
});

test('a proxy of the environment is not used (W14)', async () => {
  const receiver = await startReceiver();
  const proxies = { HTTP_PROXY: 'http://127.0.0.1:1', http_proxy: 'http://127.0.0.1:1', NO_PROXY: '' };
  Object.assign(process.env, proxies);
  const targets = new Targets({ allow: ['127.0.0.0/8'], publicUrl: 'https://crosswalk.example' });
  const sender = new Sender({ targets, timeout: 2_000 });
  const { status } = await sender.send({ url: receiver.url, headers: {}, body: '{}' });
  await sender.stop();
  for (const name of Object.keys(proxies)) delete process.env[name];
  expect(status).toBe(204);
});
