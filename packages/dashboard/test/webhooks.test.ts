import { beforeAll, expect, test } from 'vitest';
import { startReceiver } from '../../server/src/webhooks/testing.ts';
import { checkAccessibility, turnTo } from './accessibility.ts';
import { useDashboard } from './dashboard.ts';
import { hostileTexts } from './hostile-texts.ts';
import { chooseFromMenu, pressOn, writeInto } from './keyboard.ts';

const dashboard = useDashboard({ webhooks: { allow: ['127.0.0.0/8'], timeout: 1_000 } });
beforeAll(() => dashboard.server.startWork());

/** How long a delivery may take on a busy machine. Milliseconds. */
const patience = 45_000;

test('an endpoint is made with a secret shown once, tested, changed, rotated, disabled, enabled and deleted', async () => {
  const receiver = await startReceiver();
  const page = await dashboard.open('/webhooks');
  await page.getByText('No webhook endpoints yet').waitFor();
  await page.keyboard.press('c');
  await page.getByLabel('Address').fill(receiver.url);
  await page.getByLabel('Description').fill(hostileTexts[3] ?? '');
  await page.getByRole('button', { name: 'Create endpoint' }).click();
  await page.getByText(/CROSSWALK_WEBHOOK_SECRET=whsec_/).waitFor();
  await checkAccessibility(page);
  await page.getByRole('button', { name: 'I have kept it' }).click();
  await page.getByRole('heading', { name: new RegExp(`^${receiver.url}.*Enabled`) }).waitFor();
  await page.getByText('<b>bold</b> & <i>italic</i>').waitFor();

  await page.getByRole('button', { name: 'Send a test' }).click();
  await page.getByRole('button', { name: 'Send it' }).click();
  await page.getByText('It was taken').waitFor();
  await page.getByText('HTTP 204').waitFor();
  await page.keyboard.press('Escape');
  expect(receiver.received[0]?.message.type).toBe('organization.updated');

  await page.getByRole('button', { name: 'Edit' }).click();
  await page.getByLabel('Description').fill('Billing');
  await page.getByRole('button', { name: 'Save' }).click();
  await page.getByText('Billing').waitFor();
  const more = async (item: string) => {
    await page.getByRole('button', { name: 'More' }).click();
    await page.getByRole('menuitem', { name: item }).click();
  };
  await more('Rotate the secret…');
  await page.getByLabel('The old secret signs too for').selectOption('1');
  await page.getByRole('button', { name: 'Make a new secret' }).click();
  await page.getByRole('button', { name: 'I have kept it' }).click();
  await page.getByText('Old secret signs too until').waitFor();
  await more('Disable…');
  await page.getByRole('button', { name: 'Disable endpoint' }).click();
  await page.getByRole('heading', { name: /Disabled/ }).waitFor();
  await more('Enable');
  await page.getByRole('heading', { name: /Enabled/ }).waitFor();
  await more('Delete…');
  await page.getByRole('button', { name: 'Delete endpoint' }).click();
  await page.getByText('No webhook endpoints yet').waitFor();
});

test('deliveries show their request and answers, are counted in a chart, and are sent again: one, those given up, a span of time', async () => {
  const receiver = await startReceiver((received, response) => {
    const isBad = JSON.stringify(received.message).includes('Broken');
    response.writeHead(isBad ? 410 : 200).end(isBad ? 'gone <b>away</b>' : 'thanks');
  });
  const { webhook_endpoint: endpoint } = await dashboard.crosswalk.webhookEndpoint.create({
    url: receiver.url,
    event_types: ['organization'],
  });
  const begin = new Date(Date.now() - 120_000);
  await dashboard.crosswalk.organization.create({ display_name: 'Fine' });
  await receiver.waitFor(1);
  await dashboard.crosswalk.organization.create({ display_name: 'Broken' });
  await receiver.waitFor(2);
  await expect.poll(async () => (await dashboard.crosswalk.webhookEndpoint.get(endpoint.id)).status, { timeout: 10_000 }).toBe('DISABLED');
  await dashboard.crosswalk.webhookEndpoint.enable(endpoint.id);
  receiver.answer((_received, response) => response.writeHead(200).end('thanks'));

  const page = await dashboard.open(`/webhooks/${endpoint.id}`);
  await page.getByRole('img', { name: '1 delivered and 1 failed in the last 24 hours' }).waitFor();
  await page.locator('.recharts-surface').first().waitFor();
  await checkAccessibility(page);
  const table = page.getByRole('table', { name: 'Deliveries' });
  await page.getByText('Given up', { exact: true }).first().click();
  await expect.poll(() => new URL(page.url()).searchParams.get('status')).toBe('FAILED');
  await table.getByRole('link', { name: 'Broken' }).waitFor();
  await table.locator('[data-opens]').first().focus();
  await page.keyboard.press('Enter');
  const details = page.getByRole('dialog');
  await details.getByText('HTTP 410').waitFor();
  await details.getByText('gone <b>away</b>').waitFor();
  // When, to the second, without a pointer.
  await details
    .locator('time')
    .filter({ hasText: /:[0-9]{2}:[0-9]{2}.(?:AM|PM)/ })
    .first()
    .waitFor();
  await details.getByText(/"display_name": "Broken"/).waitFor();
  await turnTo(page, 'dark');
  await checkAccessibility(page);
  await details.getByRole('button', { name: 'Send again' }).click();
  await receiver.waitFor(3);
  await details.getByText('Delivered').first().waitFor();
  const named = details.getByRole('link', { name: 'Broken' });
  const [{ id: broken } = { id: '' }] = (await dashboard.crosswalk.organization.search('Broken')).organizations;
  expect(await named.getAttribute('href')).toMatch(new RegExp(`/organizations/${broken}$`));
  await page.keyboard.press('Escape');
  await details.waitFor({ state: 'hidden' });

  await page.getByRole('button', { name: 'Replay' }).click();
  await page.getByRole('menuitem', { name: 'A span of time…' }).click();
  const local = new Date(begin.getTime() - begin.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
  await page.getByLabel('From').fill(local);
  await page.getByRole('dialog').getByRole('button', { name: 'Replay' }).click();
  await page.getByText('2 events will be sent again.').waitFor();
  await receiver.waitFor(5);
  const viewer = await dashboard.open(`/webhooks/${endpoint.id}`, { role: 'viewer' });
  await viewer.getByRole('table', { name: 'Deliveries' }).waitFor();
  expect(await viewer.getByRole('button', { name: /Replay|Edit|Send a test|More/ }).count()).toBe(0);
});

test('by keyboard alone: make an endpoint, look at what was given up, replay all of it, and what was sent in a span of time', async () => {
  const receiver = await startReceiver((_received, response) => response.writeHead(410).end());
  const begin = new Date(Date.now() - 120_000);
  const page = await dashboard.open('/webhooks');
  await page.getByRole('heading', { name: 'Webhooks' }).waitFor();
  await page.keyboard.press('c');
  await writeInto(page, page.getByLabel('Address'), receiver.url);
  await page.keyboard.press('Enter');
  await pressOn(page, page.getByRole('button', { name: 'I have kept it' }));
  await page.getByRole('heading', { name: new RegExp(`^${receiver.url}.*Enabled`) }).waitFor();
  const id = new URL(page.url()).pathname.split('/').at(-1) ?? '';
  const { webhookEndpoint: endpoints, organization } = dashboard.crosswalk;
  // Two records, as a first failure keeps what follows of the same record waiting. 410 disables: each is sent to an endpoint that is enabled.
  for (const [nth, name] of ['First', 'Second'].entries()) {
    await organization.create({ display_name: name });
    await receiver.waitFor(nth + 1, patience);
    await expect.poll(async () => (await endpoints.get(id)).status, { timeout: patience }).toBe('DISABLED');
    await endpoints.enable(id);
  }
  expect((await endpoints.deliveries(id, { status: 'FAILED' })).deliveries).toHaveLength(2);
  receiver.answer((_received, response) => response.writeHead(204).end());

  await page.reload();
  const replay = page.getByRole('button', { name: 'Replay' });
  await chooseFromMenu(page, replay, 'All that was given up…');
  await page.getByText('Every event that was given up is sent again').waitFor();
  await checkAccessibility(page);
  await pressOn(page, page.getByRole('dialog').getByRole('button', { name: 'Replay' }));
  await page.getByText('2 events will be sent again.').waitFor();
  await receiver.waitFor(4, patience);
  const [first, second, ...again] = receiver.received.map(({ id: messageId }) => messageId);
  expect(again.sort()).toEqual([first, second].sort());
  await expect.poll(async () => (await endpoints.deliveries(id, { status: 'FAILED' })).deliveries.length, { timeout: patience }).toBe(0);

  await chooseFromMenu(page, replay, 'A span of time…');
  const local = new Date(begin.getTime() - begin.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
  await page.getByLabel('From').fill(local);
  await pressOn(page, page.getByRole('dialog').getByRole('button', { name: 'Replay' }));
  await page
    .getByText(/[2-9] events will be sent again\./)
    .last()
    .waitFor();
  await receiver.waitFor(6, patience);
});

test('all that was given up is sent again by mouse, with the same IDs, when the receiver is back', async () => {
  const receiver = await startReceiver((_received, response) => response.writeHead(410).end('no'));
  const { webhook_endpoint: endpoint } = await dashboard.crosswalk.webhookEndpoint.create({ url: receiver.url, event_types: ['user'] });
  await dashboard.crosswalk.user.createUser({ email: 'given-up@example.com' });
  await receiver.waitFor(1, patience);
  await expect
    .poll(async () => (await dashboard.crosswalk.webhookEndpoint.get(endpoint.id)).status, { timeout: patience })
    .toBe('DISABLED');
  receiver.answer((_received, response) => response.writeHead(204).end());
  const page = await dashboard.open(`/webhooks/${endpoint.id}?status=FAILED`);
  await page.getByRole('button', { name: 'More' }).click();
  await page.getByRole('menuitem', { name: 'Enable' }).click();
  await page.getByRole('heading', { name: /Enabled/ }).waitFor();
  await page.getByRole('table', { name: 'Deliveries' }).locator('[data-opens]').first().click();
  await page.getByRole('dialog').getByText('HTTP 410').waitFor();
  await page.getByRole('dialog').getByRole('button', { name: 'Close' }).click();
  await page.getByRole('button', { name: 'Replay' }).click();
  await page.getByRole('menuitem', { name: 'All that was given up…' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Replay' }).click();
  await page.getByText('1 event will be sent again.').waitFor();
  const [first, again] = await receiver.waitFor(2, patience);
  expect(again?.id).toBe(first?.id);
  // It is none of those that were given up any more.
  await page.getByText('None', { exact: true }).waitFor();
});
