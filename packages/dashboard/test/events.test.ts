import { expect, test } from 'vitest';
import { checkAccessibility, turnTo } from './accessibility.ts';
import { useDashboard } from './dashboard.ts';
import { hostileTexts } from './hostile-texts.ts';

const dashboard = useDashboard();

test('events come as they happen, wait while one pauses, and are filtered in the address', async () => {
  const { organization, user } = dashboard.crosswalk;
  const acme = await organization.create({ display_name: 'Acme', external_id: 'C-1', metadata: { plan: 'pro' } });
  const page = await dashboard.open('/events');
  const table = page.getByRole('table', { name: 'Events' });
  await table.getByText('organization.created').first().waitFor();
  await organization.update(acme.id, { metadata: { plan: 'enterprise' } }, {});
  await table.getByText('organization.updated').waitFor();

  // By keyboard: the newest, its details, what changed.
  await table.locator('[data-opens]').first().focus();
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('ArrowUp');
  await page.keyboard.press('Enter');
  const details = page.getByRole('dialog');
  await details.locator('del', { hasText: 'pro' }).waitFor();
  await details.locator('ins', { hasText: 'enterprise' }).waitFor();
  expect(await details.getByRole('link', { name: 'Acme' }).getAttribute('href')).toContain(`/organizations/${acme.id}`);
  await details.getByRole('button', { name: /^Copy request ID/ }).waitFor();
  await checkAccessibility(page);
  await turnTo(page, 'dark');
  await checkAccessibility(page);
  await page.keyboard.press('Escape');
  await details.waitFor({ state: 'hidden' });

  await page.getByRole('button', { name: 'Pause' }).click();
  await page.getByText('Paused').waitFor();
  await user.createUser({ email: 'ada@example.com', user_profile: { name: hostileTexts[0] ?? '' } });
  await new Promise((resolve) => setTimeout(resolve, 800));
  expect(await table.getByText('user.created').count()).toBe(0);
  await page.getByRole('button', { name: 'Resume' }).click();
  await table.getByText('user.created').waitFor();
  expect(await table.getByText('organization.created').count()).toBeGreaterThan(0);

  await page.getByRole('combobox', { name: 'Types of events' }).fill('user');
  await page.keyboard.press('Enter');
  await expect.poll(() => new URL(page.url()).searchParams.getAll('type')).toEqual(['user']);
  await expect.poll(() => table.getByText('organization.updated').count()).toBe(0);
  await page.reload();
  await table.getByText('user.created').waitFor();
  expect(await table.getByText('organization.updated').count()).toBe(0);
});

test('by mouse: an event is opened, who made it leads to all they made, and a span of time to what came in it', async () => {
  const { id } = await dashboard.crosswalk.organization.create({ display_name: 'By mouse' });
  const page = await dashboard.open('/events?type=organization.created');
  const table = page.getByRole('table', { name: 'Events' });
  await table.locator('[data-opens]').first().click();
  const details = page.getByRole('dialog');
  await details.getByRole('button', { name: `Copy record ID ${id}` }).waitFor();
  await details.getByRole('button', { name: 'Close' }).click();
  await details.waitFor({ state: 'hidden' });
  const [{ id: clientId = '' } = {}] = await dashboard.crosswalk.client.list();
  await page.getByRole('combobox', { name: 'Made by' }).click();
  await page.locator('[role=option]:visible').first().click();
  await expect.poll(() => new URL(page.url()).searchParams.get('actor')).toBe(clientId);
  await table.getByText('By mouse').waitFor();
  await page.getByLabel('Time').selectOption('Last hour');
  await table.getByText('By mouse').waitFor();
  await page.getByRole('button', { name: 'From … to' }).click();
  await page.getByLabel('To', { exact: true }).fill('2020-01-01T00:00');
  await page.getByRole('button', { name: 'Show', exact: true }).click();
  await page.getByText('No event matches').waitFor();
  await page.getByRole('button', { name: 'Show all' }).click();
  await table.getByText('By mouse').waitFor();
});

test('the events of an organization are found by its name, or by the ID of one that is gone; all of them are shown again', async () => {
  const { id } = await dashboard.crosswalk.organization.create({ display_name: 'Looked for' });
  const page = await dashboard.open('/events');
  const field = page.getByRole('combobox', { name: 'Organization' });
  await field.fill('Looked');
  await page.getByRole('option', { name: 'Looked for' }).click();
  await expect.poll(() => new URL(page.url()).searchParams.get('organization')).toBe(id);
  await field.fill('org_999');
  await page.getByRole('option', { name: 'org_999' }).click();
  await page.getByText('No event matches').waitFor();
  await page.getByRole('button', { name: 'Show all' }).click();
  await page.getByRole('table', { name: 'Events' }).getByText('Looked for').waitFor();
  expect(await field.inputValue()).toBe('');
});

test('the types of all events are read whole', async () => {
  const { crosswalk } = dashboard;
  const { id } = await crosswalk.organization.create({ display_name: 'Joined' });
  const { id: userId } = await crosswalk.user.createUser({ email: 'joined@example.com' });
  await crosswalk.membership.create(id, userId, { send_invitation_email: false });
  const page = await dashboard.open('/events');
  const type = page.getByRole('table', { name: 'Events' }).getByText('user.organization_membership_created').first();
  await type.waitFor();
  const cut = await type.evaluate((element) => {
    const [text, row] = [element.getBoundingClientRect(), element.closest('[role=row]')?.getBoundingClientRect()];
    const cell = element.closest('[role=cell]')?.getBoundingClientRect();
    return { right: text.right > (cell?.right ?? 0), bottom: text.bottom > (row?.bottom ?? 0), top: text.top < (row?.top ?? 0) };
  });
  expect(cut).toEqual({ right: false, bottom: false, top: false });
});

test('thousands of events are scrolled and watched with a bounded number of rows in the page and in memory', async () => {
  await dashboard.server.database.pool.query(
    `with feed as (update event_feed set last_place = last_place + 3000 returning last_place - 3000 as first)
     insert into events (environment_id, id, type, record_kind, record_id, record_version, external_ids, changed, data, actor_type,
       request_id, occurred_time, place)
     select $1, 9000000 + n, 'role.updated', 'role', 42, n, '{}', '{"display_name": ["a", "b"]}', jsonb_build_object('name', 'Number ' || n),
       'system', 'r', now(), first + n from feed, generate_series(1, 3000) n`,
    [dashboard.server.client.environmentId],
  );
  const page = await dashboard.open('/events?type=role');
  await page.getByText('Number 3000', { exact: true }).waitFor();
  const back = page.getByRole('button', { name: 'Back to the newest' });
  // To the end of what is loaded, again and again, until the newest had to be let go.
  for (let scrolls = 0; scrolls < 200 && !(await back.isVisible()); scrolls += 1) {
    await page.evaluate(() => window.scrollTo(0, document.documentElement.scrollHeight));
    await page.waitForTimeout(100);
  }
  expect(await page.getByRole('row').count()).toBeLessThan(80);
  await back.click();
  await page.getByText('Number 3000', { exact: true }).waitFor();
});
