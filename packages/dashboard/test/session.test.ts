import { createServer } from 'node:http';
import type { Page } from 'playwright-core';
import { expect, test } from 'vitest';
import { checkAccessibility } from './accessibility.ts';
import { password, useDashboard } from './dashboard.ts';
import { writeInto } from './keyboard.ts';

const dashboard = useDashboard();

test('the set-up link makes the first operator, who is signed in; the token does not stay in the address', async () => {
  const token = await dashboard.server.firstOperator.prepare();
  const page = await dashboard.open(`/dashboard/setup#token=${token}`, { role: 'nobody' });
  expect(page.url()).not.toContain('token');
  await checkAccessibility(page);
  await page.getByLabel('Email').fill('grace@example.com');
  await page.getByLabel('Name').fill('Grace Hopper');
  await page.getByRole('textbox', { name: 'Password' }).fill('too short');
  await page.keyboard.press('Enter');
  expect(await page.getByRole('textbox', { name: 'Password' }).evaluate((field: HTMLInputElement) => field.validity.tooShort)).toBe(true);
  await page.getByRole('textbox', { name: 'Password' }).fill(password);
  await page.keyboard.press('Enter');
  await page.getByRole('heading', { name: 'Overview' }).waitFor();
  await page.getByRole('button', { name: 'Account' }).click();
  await page.getByText('Grace Hopper').waitFor();
});

test('the set-up link that is opened again leads to the start, and its token stays in no address', async () => {
  const email = await dashboard.operator('admin');
  const page = await dashboard.open('/dashboard/setup#token=used', { role: 'nobody' });
  await page.getByRole('heading', { name: 'Sign in' }).waitFor();
  expect(page.url()).not.toContain('token');
  await page.getByLabel('Email').fill(email);
  await page.getByRole('textbox', { name: 'Password' }).fill(password);
  await page.keyboard.press('Enter');
  await page.getByRole('heading', { name: 'Overview' }).waitFor();
  const again = await dashboard.open('/dashboard/setup#token=used');
  await again.getByRole('heading', { name: 'Overview' }).waitFor();
  expect(again.url()).not.toContain('token');
});

test('an address without an environment is no page', async () => {
  const page = await dashboard.open('/dashboard/organizations');
  await page.getByRole('heading', { name: 'There is no such page' }).waitFor();
});

test('signing in by keyboard leads to the address that was asked for; a wrong password says so', async () => {
  const email = await dashboard.operator('admin');
  const page = await dashboard.open('/users?text=ada', { role: 'nobody' });
  await checkAccessibility(page);
  // The field for the address has the focus.
  await page.keyboard.type(email);
  await page.keyboard.press('Tab');
  await page.keyboard.type('another password');
  await page.keyboard.press('Enter');
  await page.getByRole('alert').getByText('no operator has this email address and password').waitFor();
  await page.getByRole('textbox', { name: 'Password' }).fill(password);
  await page.keyboard.press('Enter');
  await page.getByRole('heading', { name: 'Users' }).waitFor();
  expect(new URL(page.url()).search).toBe('?text=ada');
});

test('a session that ended elsewhere leads to sign-in and back to what was being typed', async () => {
  const email = await dashboard.operator('admin');
  const page = await dashboard.open('/organizations');
  await page.keyboard.press('c');
  await page.getByLabel('Name', { exact: true }).fill('Half typed');
  await page.context().clearCookies();
  await page.getByRole('button', { name: 'Create organization' }).click();
  await page.getByRole('heading', { name: 'Sign in' }).waitFor();
  await page.getByText('Your session is over').waitFor();
  await page.getByLabel('Email').fill(email);
  await page.getByRole('textbox', { name: 'Password' }).fill(password);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await expect.poll(() => page.getByLabel('Name', { exact: true }).inputValue()).toBe('Half typed');
  await page.getByRole('alert').getByText('Your session had ended.').waitFor();
  expect(await page.getByText('Authorization').count()).toBe(0);
  await page.getByRole('button', { name: 'Create organization' }).click();
  await page.getByRole('heading', { name: 'Half typed' }).waitFor();
});

test('a session that is over leads to sign-in from what is watched and from a question, too', async () => {
  const { id } = await dashboard.crosswalk.organization.create({ display_name: 'Asked' });
  const leads = async (page: Page, act: () => Promise<void>) => {
    await page.context().clearCookies();
    await act();
    await page.getByRole('heading', { name: 'Sign in' }).waitFor();
  };
  const events = await dashboard.open('/events?type=organization');
  await events.getByRole('table', { name: 'Events' }).getByText('Asked').waitFor();
  await leads(events, async () => {
    await events.getByLabel('Time').selectOption('Last hour');
  });
  const record = await dashboard.open(`/organizations/${id}`);
  await record.getByRole('button', { name: 'More' }).click();
  await record.getByRole('menuitem', { name: 'Delete organization' }).click();
  await record.getByLabel(/^Type/).fill('Asked');
  await leads(record, () => record.getByRole('dialog').getByRole('button', { name: 'Delete organization' }).click());
});

test('while the server is down, a page and a dialog whose code is not there yet say so, and come when it is back', async () => {
  const { id } = await dashboard.crosswalk.organization.create({ display_name: 'Offline' });
  const page = await dashboard.open(`/organizations/${id}`, { refused: /ERR_|dynamically imported|preload/ });
  await page.getByRole('heading', { name: 'Offline' }).waitFor();
  await page.context().setOffline(true);
  await page.getByRole('button', { name: 'Edit metadata' }).click();
  const failure = page.getByRole('alert').filter({ hasText: 'This could not be loaded' });
  await failure.waitFor();
  await page.getByRole('heading', { name: 'Offline' }).waitFor();
  await page.context().setOffline(false);
  await failure.getByRole('button', { name: 'Try again' }).click();
  await page.getByRole('dialog', { name: 'Edit metadata' }).waitFor();
  await page.keyboard.press('Escape');
  await page.context().setOffline(true);
  await page.getByRole('link', { name: 'Reconcile' }).click();
  await failure.waitFor();
  await page.context().setOffline(false);
  await failure.getByRole('button', { name: 'Try again' }).click();
  await page.getByRole('heading', { name: 'Reconcile' }).waitFor();
});

test('a sign-out that fails says so, and can be tried again', async () => {
  await dashboard.operator('viewer');
  const page = await dashboard.open('/organizations', { role: 'viewer' });
  await page.route('**/api/v1/session', (route) =>
    route.request().method() === 'DELETE' ? route.fulfill({ status: 403, body: '{}' }) : route.continue(),
  );
  await page.getByRole('button', { name: 'Account' }).click();
  await page.getByRole('menuitem', { name: 'Sign out' }).click();
  await page.getByRole('alert').getByText('You are still signed in').waitFor();
  await page.unroute('**/api/v1/session');
  // The session of other tests stays.
  await page.context().clearCookies();
  await page.getByRole('button', { name: 'Try again' }).click();
  await page.getByRole('heading', { name: 'Sign in' }).waitFor();
});

test('a tab whose operator was replaced in another tab shows nothing of the first any more', async () => {
  const page = await dashboard.open('/settings?tab=operators');
  await page.getByRole('button', { name: 'New operator' }).waitFor();
  const other = await dashboard.open('/organizations', { role: 'viewer' });
  await page.context().addCookies(await other.context().cookies());
  await page.evaluate(() => window.dispatchEvent(new Event('visibilitychange')));
  await page.getByText('Admins have settings').waitFor();
  await page.getByRole('button', { name: 'Account' }).click();
  await page.getByText('viewer@example.com').waitFor();
});

test('signing out ends the session; the password is changed by who knows the old one', async () => {
  await dashboard.operator('editor');
  const page = await dashboard.open('/organizations', { role: 'editor' });
  await page.getByRole('button', { name: 'Account' }).click();
  await page.getByRole('menuitem', { name: 'Change password' }).click();
  await page.getByRole('textbox', { name: 'Current password' }).fill('not my password');
  await page.getByRole('textbox', { name: 'New password' }).fill('another password of some length');
  await page.getByRole('button', { name: 'Change password' }).click();
  await page.getByRole('alert').getByText('Not changed').waitFor();
  await page.getByRole('textbox', { name: 'Current password' }).fill(password);
  await page.getByRole('button', { name: 'Change password' }).click();
  await page.getByText('Password changed').waitFor();
  await page.getByRole('button', { name: 'Account' }).click();
  await page.getByRole('menuitem', { name: 'Sign out' }).click();
  await page.getByRole('heading', { name: 'Sign in' }).waitFor();
  const answer = await page.request.get(`${dashboard.server.url}/api/v1/session`);
  expect(await answer.json()).toEqual({ session: null, setup_required: false });
});

test('another email address asks for the password, is what one signs in with from then on, and may not be that of somebody else', async () => {
  await dashboard.crosswalk.operator.create({ email: 'old@example.com', password, role: 'viewer' });
  const page = await dashboard.open('/organizations', { role: 'nobody' });
  const signIn = async (email: string) => {
    await page.getByLabel('Email').fill(email);
    await page.getByRole('textbox', { name: 'Password' }).fill(password);
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: 'Organizations' }).waitFor();
  };
  await signIn('old@example.com');
  await page.getByRole('button', { name: 'Account' }).click();
  await page.getByRole('menuitem', { name: 'Change email' }).click();
  const dialog = page.getByRole('dialog');
  expect(await dialog.getByLabel('Email').inputValue()).toBe('old@example.com');
  await checkAccessibility(page);
  await dialog.getByLabel('Email').fill(await dashboard.operator('admin'));
  await dialog.getByRole('textbox', { name: 'Current password' }).fill(password);
  await dialog.getByRole('button', { name: 'Change email' }).click();
  await page.getByRole('alert').getByText('another operator has this address').waitFor();
  await writeInto(page, dialog.getByLabel('Email'), 'new@example.com');
  await writeInto(page, dialog.getByRole('textbox', { name: 'Current password' }), 'not my password');
  await page.keyboard.press('Enter');
  await page.getByRole('alert').getByText('is not your password').first().waitFor();
  await writeInto(page, dialog.getByRole('textbox', { name: 'Current password' }), password);
  await page.keyboard.press('Enter');
  await page.getByText('Email changed.').waitFor();
  await page.getByRole('button', { name: 'Account' }).click();
  await page.getByText('new@example.com').waitFor();
  await page.getByRole('menuitem', { name: 'Sign out' }).click();
  await page.getByRole('heading', { name: 'Sign in' }).waitFor();
  await page.goto(`${dashboard.server.url}/dashboard/${dashboard.environmentId}/organizations`);
  await signIn('new@example.com');
});

test('viewers see no controls that change anything', async () => {
  const { id } = await dashboard.crosswalk.organization.create({ display_name: 'Read only', external_id: 'RO-1', metadata: { plan: 'x' } });
  const page = await dashboard.open(`/organizations/${id}`, { role: 'viewer' });
  await page.getByText('RO-1').waitFor();
  const buttons = await page.getByRole('button').allInnerTexts();
  expect(buttons.filter((text) => /add|edit|new|remove|change/i.test(text))).toEqual([]);
  await page.keyboard.press('e');
  await page.getByRole('tab', { name: 'History' }).click();
  await page.getByText('Created').waitFor();
  expect(await page.getByRole('dialog').count()).toBe(0);
  expect(await page.getByRole('button', { name: 'More' }).count()).toBe(0);
});

test('another environment shows its own records; the switcher opens it', async () => {
  const other = await dashboard.server.addEnvironment('staging');
  await other.request('POST', '/api/v1/organizations', { display_name: 'Only in staging' });
  await dashboard.admit(other, 'viewer');
  const page = await dashboard.open('/organizations');
  await page.getByRole('button', { name: /^Environment test/ }).click();
  await page.getByRole('menuitem', { name: /staging/ }).click();
  await page.waitForURL(`**/env_${other.environmentId}/**`);
  await page.getByRole('link', { name: 'Organizations', exact: true }).click();
  await page.getByRole('link', { name: 'Only in staging' }).waitFor();
  expect(page.url()).toContain(`env_${other.environmentId}`);
  expect(await page.getByRole('button', { name: 'New organization' }).count()).toBe(0);
});

test('a link that is clicked before the first page of another environment has come leads to that environment', async () => {
  const other = await dashboard.server.addEnvironment('production');
  await other.request('POST', '/api/v1/organizations', { display_name: 'Only in production' });
  await dashboard.admit(other, 'viewer');
  const page = await dashboard.open('/organizations');
  let deliver = () => {};
  const delivered = new Promise<void>((resolve) => {
    deliver = resolve;
  });
  await page.route('**/*.js', async (route) => {
    await delivered;
    await route.continue();
  });
  await page.getByRole('button', { name: /^Environment test/ }).click();
  await page.getByRole('menuitem', { name: /production/ }).click();
  await page.getByRole('link', { name: 'Organizations', exact: true }).click();
  await page.getByRole('link', { name: 'Only in production' }).waitFor();
  deliver();
  await page.getByRole('link', { name: 'Overview' }).click();
  await page.getByRole('heading', { name: 'Overview' }).waitFor();
  expect(page.url()).toContain(`env_${other.environmentId}`);
});

test('a page of another site cannot change anything with the session of the dashboard', async () => {
  const page = await dashboard.open('/organizations');
  const [cookie] = await page.context().cookies(dashboard.server.url);
  const evil = createServer((_request, response) => response.setHeader('content-type', 'text/html').end('<h1>Elsewhere</h1>'));
  await new Promise<void>((listening) => evil.listen(0, '127.0.0.1', listening));
  try {
    const address = evil.address();
    if (address === null || typeof address === 'string') throw new Error('no port');
    // Another host name is another site, of which the browser tells the server.
    await page.goto(`http://localhost:${address.port}`);
    await page.evaluate(
      ([url]) =>
        fetch(`${url}/api/v1/organizations`, {
          method: 'POST',
          mode: 'no-cors',
          credentials: 'include',
          headers: { 'content-type': 'text/plain' },
          body: JSON.stringify({ display_name: 'Forged' }),
        }).then(
          () => undefined,
          () => undefined,
        ),
      [dashboard.server.url],
    );
    // The same with a cookie that has got there all the same.
    const forged = await fetch(`${dashboard.server.url}/api/v1/organizations`, {
      method: 'POST',
      headers: {
        cookie: `crosswalk_session=${cookie?.value}`,
        'sec-fetch-site': 'cross-site',
        'content-type': 'application/json',
        'x-crosswalk-environment': dashboard.environmentId,
      },
      body: JSON.stringify({ display_name: 'Forged' }),
    });
    expect(forged.status).toBe(403);
    expect((await dashboard.crosswalk.organization.search('Forged')).organizations).toEqual([]);
  } finally {
    evil.close();
  }
});

test('a page that begins asks once who is signed in', async () => {
  const page = await dashboard.open('/organizations');
  await page.getByText('organizations', { exact: false }).first().waitFor();
  const addresses = await page.evaluate(() => performance.getEntriesByType('resource').map(({ name }) => name));
  // A request of the head of the page that the script cannot use is a second one.
  expect(addresses.filter((address) => address.includes('/api/v1/session'))).toHaveLength(1);
});

test('addresses of pages are served; what looks like a file and is none is not found', async () => {
  const statuses = await Promise.all(
    ['/dashboard/', '/dashboard/env_1/users/usr_2', '/dashboard/setup', '/dashboard/assets/none.js', '/dashboard/robots.txt'].map(
      async (path) => {
        const answer = await fetch(dashboard.server.url + path);
        await answer.arrayBuffer();
        return [answer.status, answer.headers.get('content-security-policy')?.includes("script-src 'self'") ?? false];
      },
    ),
  );
  expect(statuses.map(([status]) => status)).toEqual([200, 200, 200, 404, 404]);
  const [script = ''] = /\/dashboard\/assets\/index-[^"]+\.js/.exec(await (await fetch(`${dashboard.server.url}/dashboard/`)).text()) ?? [];
  const code = await fetch(dashboard.server.url + script, { headers: { 'accept-encoding': 'br' } });
  // One that is not read is kept until it is collected, and the server waits for it when it ends.
  await code.arrayBuffer();
  const { headers } = code;
  expect([headers.get('content-encoding'), headers.get('content-type'), headers.get('cache-control')]).toEqual([
    'br',
    expect.stringContaining('javascript'),
    'public, max-age=31536000, immutable',
  ]);
  expect(statuses.slice(0, 3).every(([, policy]) => policy)).toBe(true);
});
