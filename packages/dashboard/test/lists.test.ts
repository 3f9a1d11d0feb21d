import { text } from 'node:stream/consumers';
import type { Page } from 'playwright-core';
import { expect, test } from 'vitest';
import { checkAccessibility } from './accessibility.ts';
import { useDashboard } from './dashboard.ts';

const dashboard = useDashboard();

/** An answer that no try can change. */
const refusal = { status: 403, contentType: 'application/json', body: '{}' };

test('a page of a list that cannot be read says so where one is, keeps the place, and comes by Try again', async () => {
  await dashboard.server.database.pool.query(
    `insert into organizations (environment_id, id, display_name)
     select $1::bigint, 1000000000000 + n, 'Customer ' || n from generate_series(1, 600) n`,
    [dashboard.server.client.environmentId],
  );
  const page = await dashboard.open('/organizations');
  await page.getByRole('link', { name: 'Customer 600', exact: true }).waitFor();
  await page.route('**/api/v1/organizations?*page_token=*', (route) => route.fulfill(refusal));
  await failsAndGoesOn(page, async () => {
    await page.unroute('**/api/v1/organizations?*page_token=*');
  });
  await page.getByRole('link', { name: 'Customer 490', exact: true }).waitFor();
});

test('older events that cannot be read say so where one is, keep the place, and come by Try again', async () => {
  await dashboard.server.database.pool.query(
    `with feed as (update event_feed set last_place = last_place + 400 returning last_place - 400 as first)
     insert into events (environment_id, id, type, record_kind, record_id, record_version, external_ids, changed, data, actor_type,
       request_id, occurred_time, place)
     select $1, 9000000 + n, 'role.updated', 'role', 42, n, '{}', '{"display_name": ["a", "b"]}', jsonb_build_object('name', 'Number ' || n),
       'system', 'r', now(), first + n from feed, generate_series(1, 400) n`,
    [dashboard.server.client.environmentId],
  );
  const page = await dashboard.open('/events?type=role');
  await page.getByText('Number 400', { exact: true }).waitFor();
  await page.route('**/api/v1/events:search?*page_token=*', (route) => route.fulfill(refusal));
  await failsAndGoesOn(page, async () => {
    await page.unroute('**/api/v1/events:search?*page_token=*');
  });
  await page.getByText('Number 290', { exact: true }).waitFor();
});

test('what a filter or a text finds is downloaded whole as CSV, from the environment on screen, and a failure is told and tried again', async () => {
  const other = await dashboard.server.addEnvironment('exported');
  await dashboard.admit(other, 'viewer');
  for (let n = 0; n < 130; n += 1)
    await other.request('POST', '/api/v1/organizations', {
      display_name: `Exported ${n}`,
      metadata: { plan: n % 5 === 0 ? 'free' : 'pro' },
    });
  await other.request('POST', '/api/v1/users', { email: 'exported@example.com' });
  const environmentId = `env_${other.environmentId}`;
  const where = encodeURIComponent('metadata.plan = "pro"');
  const page = await dashboard.open(`/organizations?where=${where}`, { environmentId });
  const exported = async (button = /^Export$/) => {
    const [download] = await Promise.all([page.waitForEvent('download'), page.getByRole('button', { name: button }).click()]);
    return { name: download.suggestedFilename(), lines: (await text(await download.createReadStream())).trimEnd().split('\n') };
  };
  await page.getByRole('link', { name: 'Exported 129' }).waitFor();
  const { name, lines } = await exported();
  expect(name).toMatch(/^crosswalk-organizations-.+Z\.csv$/);
  // More than the pages that are on screen; the first line names the columns.
  expect(lines).toHaveLength(1 + 104);
  expect(lines[0]).toMatch(/,metadata\.plan$/);
  await page.goto(page.url().replace(/\?.*/, '?text=exported+12'));
  await page.getByRole('link', { name: 'Exported 129' }).waitFor();
  expect((await exported()).lines).toHaveLength(1 + 11);

  await page.route('**/api/v1/export?*', (route) => route.fulfill(refusal));
  await page.getByRole('button', { name: /^Export$/ }).click();
  await page.getByRole('alert').getByText('Not exported').waitFor();
  await checkAccessibility(page);
  // What became of one list is not told beside another.
  await page.getByLabel('Filter organizations by name or ID').fill('exported 13');
  await page.getByRole('alert').waitFor({ state: 'detached' });
  await page.getByLabel('Filter organizations by name or ID').fill('exported 12');
  await page.getByRole('alert').waitFor();
  await page.unroute('**/api/v1/export?*');
  expect((await exported(/^Try again$/)).lines).toHaveLength(1 + 11);
  await page.getByRole('alert').waitFor({ state: 'detached' });
  await page.getByRole('link', { name: 'Users', exact: true }).click();
  await page.getByRole('link', { name: 'exported@example.com' }).waitFor();
  expect((await exported()).lines[1]).toContain('exported@example.com');
});

test('columns beyond the edge of a table are reached by scrolling sideways, with their titles, by keyboard too', async () => {
  // More than fit on a screen.
  await Promise.all(Array.from({ length: 30 }, (_, n) => dashboard.crosswalk.organization.create({ display_name: `Narrow ${n}` })));
  await dashboard.crosswalk.organization.create({
    display_name: 'Wide',
    metadata: Object.fromEntries(Array.from({ length: 12 }, (_, index) => [`column${index}`, `value ${index}`])),
  });
  const page = await dashboard.open('/organizations');
  await page.getByRole('link', { name: 'Wide' }).waitFor();
  await page.getByRole('button', { name: 'Columns' }).click();
  for (let index = 0; index < 12; index += 1) await page.getByLabel(`column${index}`, { exact: true }).check();
  await page.keyboard.press('Escape');
  const [cell, title] = [page.getByText('value 11', { exact: true }), page.getByRole('columnheader', { name: 'column11' })];
  await cell.waitFor();
  await checkAccessibility(page);
  const titles = page.getByRole('rowgroup').first();
  await expect.poll(() => titles.getAttribute('tabindex')).toBe('0');
  // As far as it is turned: the rows, which come along a moment later, do not pull the titles back.
  await titles.hover();
  for (let turns = 0; turns < 20; turns += 1) await page.mouse.wheel(30, 0);
  await expect.poll(() => titles.evaluate((element) => element.scrollLeft)).toBe(600);
  await titles.focus();
  for (let presses = 0; presses < 100; presses += 1) await page.keyboard.press('ArrowRight');
  await expect.poll(async () => (await cell.boundingBox())?.x ?? 9999).toBeLessThan(1200);
  // Until the scrolling has come to rest, the two are looked at in different moments of it.
  const apart = async () => Math.abs(((await cell.boundingBox())?.x ?? 0) - ((await title.boundingBox())?.x ?? 9999));
  await expect.poll(apart).toBeLessThan(0.5);
  expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(1280);
  // The titles stay in sight while the page is scrolled.
  await page.evaluate(() => window.scrollTo(0, 2_000));
  await expect.poll(async () => (await title.boundingBox())?.y ?? 0).toBeLessThan(90);
});

test('a record that was deleted elsewhere does not go on looking alive, and an address with an unknown tab shows the record', async () => {
  const { crosswalk } = dashboard;
  const { id } = await crosswalk.organization.create({ display_name: 'Mortal' });
  const page = await dashboard.open(`/organizations/${id}?tab=nonsense`);
  await page.getByRole('region', { name: 'External IDs' }).waitFor();
  await crosswalk.organization.delete(id);
  await page.evaluate(() => {
    const before = Date.now;
    Date.now = () => before() + 11_000;
    window.dispatchEvent(new Event('visibilitychange'));
  });
  await page.getByText('Deleted just now by').waitFor();
  expect(await page.getByRole('button', { name: 'Edit details' }).count()).toBe(0);
  expect(await page.getByRole('heading', { level: 1 }).innerText()).toBe('Mortal');
});

test('an address that is no page says so inside the frame, and the way on is there', async () => {
  const page = await dashboard.open('/organizations');
  for (const path of ['/nonsense', '/organizations/org_1/nonsense']) {
    await page.goto(`${dashboard.server.url}/dashboard/${dashboard.environmentId}${path}`);
    await page.getByRole('heading', { level: 1, name: 'There is no such page' }).waitFor();
    await page.getByRole('link', { name: 'Users' }).waitFor();
    await checkAccessibility(page);
  }
  await page.goto(`${dashboard.server.url}/dashboard/env_1/users`);
  await page.getByRole('heading', { level: 1, name: 'You have no role in this environment' }).waitFor();
});

test('on a phone the closed navigation takes no focus, and the open one closes by Escape', async () => {
  const page = await dashboard.open('/organizations', { viewport: { width: 390, height: 844 } });
  const outside = () => page.evaluate(() => (document.activeElement?.getBoundingClientRect().right ?? 0) < 0);
  for (let presses = 0; presses < 12; presses += 1) {
    await page.keyboard.press('Tab');
    // What leads past the navigation is out of sight until it has the focus.
    expect(await outside()).toBe(false);
  }
  await checkAccessibility(page);
  const burger = page.getByRole('button', { name: 'Navigation' });
  // The link past the navigation lies above it while it has the focus.
  await burger.focus();
  await burger.click();
  const users = page.getByRole('link', { name: 'Users' });
  await users.focus();
  expect(await users.evaluate((element) => element === document.activeElement)).toBe(true);
  await checkAccessibility(page);
  await page.keyboard.press('Escape');
  await expect.poll(() => burger.getAttribute('aria-expanded')).toBe('false');
  await expect.poll(() => burger.evaluate((element) => element === document.activeElement)).toBe(true);
});

/** Scrolls to what cannot be read, sees it told there, and gets it when it can be read again. */
async function failsAndGoesOn(page: Page, mend: () => Promise<void>): Promise<void> {
  await page.evaluate(() => window.scrollTo(0, 95 * 41));
  const alert = page.getByRole('alert');
  await alert.getByText('The list could not be read').waitFor();
  const place = await page.evaluate(() => window.scrollY);
  expect(place).toBeGreaterThan(2_000);
  const box = await alert.boundingBox();
  expect(box?.y ?? -1).toBeGreaterThan(0);
  expect((box?.y ?? 0) + (box?.height ?? 0)).toBeLessThanOrEqual(800);
  await checkAccessibility(page);
  await mend();
  await alert.getByRole('button', { name: 'Try again' }).click();
  await alert.waitFor({ state: 'detached' });
  expect(Math.abs((await page.evaluate(() => window.scrollY)) - place)).toBeLessThan(50);
  await page.evaluate(() => window.scrollTo(0, 110 * 41));
}
