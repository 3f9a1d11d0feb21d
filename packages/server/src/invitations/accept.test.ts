import { Writable } from 'node:stream';
import pino from 'pino';
import { beforeAll, describe, expect, test } from 'vitest';
import { linkIn, sendAll, tokenIn } from '../mail/testing.ts';
import { useTestServer } from '../testing.ts';
import { isLinkToken, linkStateOf, linkToken } from './invitation-link.ts';

const lines: string[] = [];
const logger = pino(
  new Writable({
    write(chunk, _encoding, done) {
      lines.push(String(chunk));
      done();
    },
  }),
);
const server = useTestServer({ logger });
const request: typeof server.client.request = (...call) => server.client.request(...call);

let organizationId = '';
let count = 0;
beforeAll(async () => {
  organizationId = await newOrganization('Acme & <b>Sons</b>');
});

async function newOrganization(name: string): Promise<string> {
  const { body } = await request('POST', '/api/v1/organizations', { display_name: name });
  return Object(body).organization.id;
}

/** A person who is invited, and the token of the link they got. */
async function invite(fields: object = {}, organization = organizationId) {
  count += 1;
  const email = `accept${count}@example.com`;
  const { body } = await request('POST', `/api/v1/organizations/${organization}/users`, { email, ...fields });
  const { user, membership } = Object(body);
  return { email, userId: String(user.id), membershipId: String(membership.id), token: await tokenOf(user.id) };
}

/** The token of the newest link that a user got. */
async function tokenOf(userId: string): Promise<string> {
  const { body } = await request('GET', `/api/v1/mailbox?user_id=${userId}`);
  return tokenIn(Object(body).messages[0].text);
}

const open = (token: string, init: RequestInit = {}) => fetch(`${server.url}/invitations/${token}`, { redirect: 'manual', ...init });
const accept = (token: string, init: RequestInit = {}) => open(token, { method: 'POST', body: new URLSearchParams(), ...init });
const invitationOf = async (userId: string, organization = organizationId) =>
  Object((await request('GET', `/api/v1/invites/organizations/${organization}/users/${userId}`)).body).invitation;
const expire = (membershipId: string, when = "- interval '1 second'") =>
  server.database.pool.query(`update memberships set invite_expire_time = now() ${when} where id = $1`, [membershipId.slice(4)]);
const change = (userId: string, action: string) =>
  request(action === 'resend' ? 'PATCH' : 'POST', `/api/v1/invites/organizations/${organizationId}/users/${userId}/${action}`, {});

describe('the page', () => {
  test('shows organization and address, escaped, and a button; GET and HEAD change nothing, however often (A3)', async () => {
    const { userId, email, token } = await invite();
    const answers = await Promise.all(Array.from({ length: 20 }, (_, n) => open(token, { method: n % 2 ? 'HEAD' : 'GET' })));
    expect(answers.every(({ status }) => status === 200)).toBe(true);
    const html = await (await open(token)).text();
    expect(html).toContain('<h1>Join Acme &amp; &lt;b&gt;Sons&lt;&#x2F;b&gt;</h1>');
    expect(html).toContain(`<p class="email">${email}</p>`);
    expect(html).toContain('<form method="post">');
    expect(html).not.toContain('<b>Sons');
    expect(await invitationOf(userId)).toMatchObject({ state: 'PENDING' });
  });

  test('no script, no frame, no referrer, no copy; its style is the one that its policy knows (A9)', async () => {
    const { token } = await invite();
    const answer = await open(token);
    expect(Object.fromEntries(answer.headers)).toMatchObject({
      'content-type': 'text/html; charset=utf-8',
      'cache-control': 'no-store',
      'referrer-policy': 'no-referrer',
      'x-frame-options': 'DENY',
      'x-content-type-options': 'nosniff',
      'x-robots-tag': 'noindex',
    });
    const policy = answer.headers.get('content-security-policy') ?? '';
    for (const part of ["default-src 'none'", "frame-ancestors 'none'", "form-action 'self'", "base-uri 'none'"])
      expect(policy).toContain(part);
    const html = await answer.text();
    const style = /<style>([\s\S]*)<\/style>/.exec(html)?.[1] ?? '';
    const digest = Buffer.from(await crypto.subtle.digest('SHA-256', new TextEncoder().encode(style))).toString('base64');
    expect(policy).toContain(`style-src 'sha256-${digest}'`);
    expect(html).not.toMatch(/<script|https?:\/\/|style=|src=/);
  });

  test('speaks the language of the person, or English', async () => {
    const { token } = await invite({ user_profile: { locale: 'de-AT' } });
    const html = await (await open(token)).text();
    expect(html).toContain('<html lang="de">');
    expect(html).toContain('Einladung annehmen');
    expect(await (await accept(token)).text()).toContain('Sie sind jetzt Mitglied');
  });
});

describe('POST', () => {
  test('accepts: the membership is active, with one event of the system; the page says so', async () => {
    const { userId, email, membershipId, token } = await invite({ membership: { roles: [{ name: 'admin' }], metadata: { desk: 7 } } });
    const answer = await accept(token);
    expect([answer.status, answer.headers.get('cache-control')]).toEqual([200, 'no-store']);
    const html = await answer.text();
    expect(html).toContain('You have joined Acme &amp;');
    expect(html).toContain(email);
    expect(await invitationOf(userId)).toMatchObject({ state: 'ACCEPTED', status: 'ACTIVE', expires_at: null });
    const { rows } = await server.database.pool.query('select * from events where record_id = $1 order by sequence', [
      membershipId.slice(4),
    ]);
    expect(rows.at(-1)).toMatchObject({
      type: 'user.organization_membership_updated',
      actor_type: 'system',
      request_id: answer.headers.get('x-request-id'),
      changed: { membership_status: ['PENDING_INVITE', 'ACTIVE'] },
      data: { metadata: { desk: 7 }, roles: [{ name: 'admin' }] },
    });
  });

  test('goes to the address of the application that is set, and to none from the request', async () => {
    const environment = await server.addEnvironment('with application');
    await environment.request('PATCH', '/api/v1/invitation-settings', { application_url: 'https://app.example.com/welcome?from=mail' });
    const { body } = await environment.request('POST', '/api/v1/organizations', { display_name: 'App' });
    await environment.request('POST', `/api/v1/organizations/${Object(body).organization.id}/users`, { email: 'app@example.com' });
    const token = tokenIn(Object((await environment.request('GET', '/api/v1/mailbox')).body).messages[0].text);
    // A browser holds the form to its policy in where it leads in the end.
    expect((await open(token)).headers.get('content-security-policy')).toContain("form-action 'self' https://app.example.com;");
    const answer = await accept(`${token}?redirect_uri=https://evil.example&next=//evil.example`, {
      body: new URLSearchParams({ redirect_uri: 'https://evil.example', return_to: 'https://evil.example' }),
      headers: { referer: 'https://evil.example', origin: 'https://evil.example', 'x-forwarded-host': 'evil.example' },
    });
    expect([answer.status, answer.headers.get('location'), answer.headers.get('referrer-policy')]).toEqual([
      303,
      'https://app.example.com/welcome?from=mail',
      'no-referrer',
    ]);
    const used = await open(token);
    expect([used.status, await used.text()]).toEqual([
      410,
      expect.stringContaining('href="https:&#x2F;&#x2F;app.example.com&#x2F;welcome'),
    ]);
  });

  test('of a hundred at once one succeeds, and there is one event (A2)', async () => {
    const { membershipId, token } = await invite();
    const answers = await Promise.all(Array.from({ length: 100 }, () => accept(token)));
    expect(answers.map(({ status }) => status).sort()).toEqual([200, ...Array(99).fill(410)]);
    const { rows } = await server.database.pool.query("select from events where record_id = $1 and type like '%updated'", [
      membershipId.slice(4),
    ]);
    expect(rows).toHaveLength(1);
  });

  test.each(['accept', 'revoke'])('by link while an API client does %s: one outcome', async (action) => {
    for (let round = 0; round < 10; round += 1) {
      const { userId, token } = await invite();
      const [byLink, byApi] = await Promise.all([accept(token), change(userId, action)]);
      expect([byLink.status === 200, byApi.status === 200].filter(Boolean)).toHaveLength(1);
      const { state } = await invitationOf(userId);
      expect(state).toBe(byLink.status === 200 || action === 'accept' ? 'ACCEPTED' : 'REVOKED');
    }
  });

  test('an organization that was full since lets in who was invited before; one below its limit too', async () => {
    const id = await newOrganization('Full');
    const { token } = await invite({}, id);
    await invite({}, id);
    await request('PATCH', `/api/v1/organizations/${id}/settings/usermanagement`, { settings: { max_allowed_users: 1 } });
    expect((await accept(token)).status).toBe(200);
  });

  test('needs no body and takes a form; 415 for anything else and 413 for a long one, as a page', async () => {
    const { userId, token } = await invite();
    for (const [init, status] of [
      [{ body: '{}', headers: { 'content-type': 'application/json' } }, 415],
      [{ body: 'x'.repeat(20_000), headers: { 'content-type': 'application/x-www-form-urlencoded' } }, 413],
    ] as const) {
      const answer = await accept(token, init);
      expect([answer.status, answer.headers.get('content-type')]).toEqual([status, 'text/html; charset=utf-8']);
    }
    expect((await open(token, { method: 'POST' })).status).toBe(200);
    expect(await invitationOf(userId)).toMatchObject({ state: 'ACCEPTED' });
  });
});

describe('a link that opens nothing', () => {
  test('unknown, cut off, edited, in other case, with more behind it, of any length: 404 with one page (A1)', async () => {
    const { token } = await invite();
    const edited = `${token.startsWith('A') ? 'B' : 'A'}${token.slice(1)}`;
    const swapped = token.replace(/[a-zA-Z]/, (letter) => (letter === letter.toLowerCase() ? letter.toUpperCase() : letter.toLowerCase()));
    const texts = new Set<string>();
    for (const bad of [
      'x',
      '',
      token.slice(1),
      `${token}A`,
      edited,
      swapped,
      `${token}/x`,
      `x/${token}`,
      `${token}%20`,
      `${token}%00`,
      encodeURIComponent('ünïcode'),
      'A'.repeat(43),
      'A'.repeat(10_000),
    ]) {
      for (const method of ['GET', 'POST']) {
        const answer = await open(bad, { method });
        expect([bad.slice(0, 60), method, answer.status]).toEqual([bad.slice(0, 60), method, 404]);
        texts.add(await answer.text());
      }
    }
    expect(texts.size).toBe(1);
    // Node reads 16 KB of a head and no more.
    expect((await open('A'.repeat(1_000_000))).status).toBe(431);
    expect((await open(token)).status).toBe(200);
  });

  test('410 that says why: used, revoked, expired, replaced by a resend, sent to a former address, of a membership that ended', async () => {
    const cases: [string, (invited: Awaited<ReturnType<typeof invite>>) => Promise<unknown>][] = [
      ['was accepted already', ({ token }) => accept(token)],
      ['was accepted already', ({ userId }) => change(userId, 'accept')],
      ['was taken back', ({ userId }) => change(userId, 'revoke')],
      ['has expired', ({ membershipId }) => expire(membershipId)],
      ['has expired', async ({ membershipId }) => [await expire(membershipId), await server.purge()]],
      ['There is a newer link', async ({ userId }) => [await change(userId, 'resend'), await sendAll(server)]],
      ['There is a newer link', ({ userId, email }) => request('PATCH', `/api/v1/users/${userId}`, { email: `new.${email}` })],
      ['does not exist any more', ({ userId }) => request('DELETE', `/api/v1/memberships/organizations/${organizationId}/users/${userId}`)],
      ['does not exist any more', ({ userId }) => request('DELETE', `/api/v1/users/${userId}`)],
    ];
    for (const [says, happens] of cases) {
      const invited = await invite();
      await happens(invited);
      for (const answer of [await open(invited.token), await accept(invited.token)]) {
        expect([says, answer.status, await answer.text()]).toEqual([says, 410, expect.stringContaining(says)]);
      }
    }
  });

  test('after the organization was deleted (A7)', async () => {
    const id = await newOrganization('Ending');
    const { token } = await invite({}, id);
    await request('DELETE', `/api/v1/organizations/${id}`);
    expect([(await open(token)).status, (await accept(token)).status]).toEqual([410, 410]);
  });

  test('a role that was taken away before is not there afterwards (A7)', async () => {
    const { userId, token } = await invite({ membership: { roles: [{ name: 'admin' }] } });
    await request('PATCH', `/api/v1/memberships/organizations/${organizationId}/users/${userId}`, { roles: [{ name: 'member' }] });
    await accept(token);
    const { membership } = Object((await request('GET', `/api/v1/memberships/organizations/${organizationId}/users/${userId}`)).body);
    expect(membership).toMatchObject({ membership_status: 'ACTIVE', roles: [{ name: 'member' }] });
  });

  test('to the second: open until its end, closed from then on (A2)', async () => {
    const { membershipId, token } = await invite();
    await expire(membershipId, "+ interval '1 second'");
    expect((await open(token)).status).toBe(200);
    await new Promise((resolve) => setTimeout(resolve, 1_050));
    expect([(await open(token)).status, (await accept(token)).status]).toEqual([410, 410]);
  });

  test('a resend replaces the link: the new one accepts', async () => {
    const { userId, token } = await invite();
    await change(userId, 'resend');
    const renewed = await tokenOf(userId);
    expect((await accept(token)).status).toBe(410);
    expect((await accept(renewed)).status).toBe(200);
    // Accepted, the old link says so too.
    expect(await (await open(token)).text()).toContain('was accepted already');
  });
});

test('the token is in no line of the log, whatever goes wrong with its link (A9)', async () => {
  const { token } = await invite();
  await open(token);
  await open(token, { method: 'DELETE' });
  await open(token, { method: 'POST', body: '{}', headers: { 'content-type': 'application/json' } });
  await open(token, {
    method: 'POST',
    body: 'x',
    headers: { 'content-encoding': 'gzip', 'content-type': 'application/x-www-form-urlencoded' },
  });
  await fetch(`${server.url}//invitations/${token}`);
  await fetch(`${server.url}/Invitations/${token}`);
  await accept(token);
  expect(lines.some((line) => line.includes('/invitations/…'))).toBe(true);
  expect(lines.filter((line) => line.includes(token))).toEqual([]);
});

describe('links', () => {
  test('a token is 256 bits, of the message and the key: another message or key has another', () => {
    const [key, other] = [new Uint8Array(32), new Uint8Array(32).fill(1)];
    const tokens = [linkToken(key, '1', '23'), linkToken(key, '12', '3'), linkToken(key, '1', '24'), linkToken(other, '1', '23')];
    expect(tokens.every(isLinkToken)).toBe(true);
    expect(new Set(tokens).size).toBe(4);
    expect(linkToken(key, '1', '23')).toBe(tokens[0]);
    expect(Buffer.from(tokens[0] ?? '', 'base64url')).toHaveLength(32);
  });

  const now = new Date('2026-11-24T12:00:00Z');
  const pending = { membership_status: 'PENDING_INVITE' as const, join_time: null, expires_at: '2026-11-25T12:00:00.000Z' };
  const facts = { standing: pending, superseded: false, sentTo: 'a@b.example', email: 'A@B.example' };
  test.each([
    ['PENDING', facts],
    ['SUPERSEDED', { ...facts, superseded: true }],
    ['SUPERSEDED', { ...facts, email: 'c@b.example' }],
    ['EXPIRED', { ...facts, standing: { ...pending, expires_at: now.toISOString() } }],
    ['REVOKED', { ...facts, superseded: true, standing: { ...pending, membership_status: 'INACTIVE' as const } }],
    ['GONE', { ...facts, email: null }],
    ['GONE', { ...facts, standing: undefined }],
  ])('%s', (state, link) => {
    expect(linkStateOf(link, now)).toBe(state);
  });

  test('the link of a kept message is under the configured address', async () => {
    const { userId } = await invite();
    const { body } = await request('GET', `/api/v1/mailbox?user_id=${userId}`);
    expect(linkIn(Object(body).messages[0].text)).toMatch(/^http:\/\/crosswalk\.test\/invitations\/[\w-]{43}$/);
  });
});
