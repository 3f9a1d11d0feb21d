import { mkdir } from 'node:fs/promises';
import type { Page } from 'playwright-core';
import { expect, test } from 'vitest';
import { checkAccessibility, turnTo } from './accessibility.ts';
import { useDashboard } from './dashboard.ts';
import { pages } from './pages.ts';
import { seed } from './seed.ts';
import { seedWork } from './seed-work.ts';

const dashboard = useDashboard({ webhooks: { allow: ['127.0.0.0/8'] } });

/** `npm run screenshots` keeps a picture of everything that is looked at here. */
const directory = process.env.SCREENSHOTS;

/** Three looks at each of thirty pages, of seconds on a busy machine. Milliseconds. */
const patience = 420_000;

test('every page can be used with a screen reader and a keyboard in both themes, and fits on a phone', { timeout: patience }, async () => {
  dashboard.server.startWork();
  const records = { ...(await seed(dashboard.crosswalk)), ...(await seedWork(dashboard.crosswalk)) };
  const page = await dashboard.open('/organizations');
  if (directory !== undefined) await mkdir(directory, { recursive: true });
  const keep = (name: string) => (directory === undefined ? undefined : page.screenshot({ path: `${directory}/${name}.png` }));
  for (const { name, path, ready } of pages) {
    await go(page, `/dashboard/${dashboard.environmentId}${path(records)}`, ready);
    for (const theme of ['light', 'dark'] as const) {
      await turnTo(page, theme);
      await checkAccessibility(page);
      await keep(`${name}-${theme}`);
    }
    await page.setViewportSize({ width: 390, height: 844 });
    await turnTo(page, 'light');
    await settled(page);
    await expect.poll(() => widest(page), { message: `${name} on a phone`, timeout: 10_000 }).toBeLessThanOrEqual(390);
    await checkAccessibility(page);
    await keep(`${name}-phone`);
    await page.setViewportSize({ width: 1280, height: 800 });
  }
});

/** Opens another page as a link does, without loading the dashboard again. */
async function go(page: Page, address: string, ready = 'h1'): Promise<void> {
  await page.evaluate((to) => {
    window.history.pushState({}, '', to);
    window.dispatchEvent(new PopStateEvent('popstate'));
  }, address);
  await page.waitForSelector(ready);
  await settled(page);
}

/** Waits until nothing is being loaded. */
async function settled(page: Page): Promise<void> {
  await page.waitForFunction(() => document.querySelector('[aria-busy=true], .mantine-Skeleton-root') === null);
}

/** How far the page reaches to the right. Pixels. */
async function widest(page: Page): Promise<number> {
  return page.evaluate(() => document.documentElement.scrollWidth);
}
