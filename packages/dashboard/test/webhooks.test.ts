import { beforeAll, expect, test } from 'vitest';
import { startReceiver } from '../../server/src/webhooks/testing.ts';
import { checkAccessibility, turnTo } from './accessibility.ts';
import { useDashboard } from './dashboard.ts';
import { hostileTexts } from './hostile-texts.ts';

const dashboard = useDashboard({ webhooks: { allow: ['127.0.0.0/8'], timeout: 1_000 } });
beforeAll(() => dashboard.server.startWork());

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
  await table.locator('[data-opens]').first().focus();
  await page.keyboard.press('Enter');
  const details = page.getByRole('dialog');
  await details.getByText('HTTP 410').waitFor();
  await details.getByText('gone <b>away</b>').waitFor();
  await details.getByText(/"display_name": "Broken"/).waitFor();
  await turnTo(page, 'dark');
  await checkAccessibility(page);
  await details.getByRole('button', { name: 'Send again' }).click();
  await receiver.waitFor(3);
  await details.getByText('Delivered').first().waitFor();
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
