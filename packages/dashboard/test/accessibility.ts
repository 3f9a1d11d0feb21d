import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import type { Page } from 'playwright-core';

const source = readFile(fileURLToPath(import.meta.resolve('axe-core/axe.min.js')), 'utf8');

/** One rule of accessibility that a page breaks. */
interface Finding {
  id: string;
  impact: string | null;
  help: string;
  nodes: { target: unknown; failureSummary?: string }[];
}

declare global {
  interface Window {
    axe: { run(context: Document, options: object): Promise<{ violations: Finding[] }> };
  }
}

/** Fails, naming what is wrong, when something keeps somebody from using the page as it is now. */
export async function checkAccessibility(page: Page): Promise<void> {
  const problems = await accessibilityProblems(page);
  if (problems.length > 0) throw new Error(`${page.url()} is not accessible:\n${problems.join('\n')}`);
}

/** What axe finds on a page that keeps somebody from using it: serious and critical findings, a line each. */
async function accessibilityProblems(page: Page): Promise<string[]> {
  // Past the content security policy: by the protocol of the browser.
  if (!(await page.evaluate(() => 'axe' in window))) await page.evaluate(await source);
  // What is on its way in or out has the contrast of neither.
  await page.waitForFunction(() =>
    document
      .getAnimations()
      .every(({ playState, effect }) => playState !== 'running' || effect?.getTiming().iterations === Number.POSITIVE_INFINITY),
  );
  const { violations } = await page.evaluate(() => window.axe.run(document, { resultTypes: ['violations'] }));
  return violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .map(
      ({ id, help, nodes }) =>
        `${id}: ${help}: ${nodes.map(({ target, failureSummary }) => `${String(target)} ${failureSummary ?? ''}`).join('; ')}`,
    );
}

/** Turns the page to a theme, as the system of its reader does, and waits until it has turned. */
export async function turnTo(page: Page, theme: 'light' | 'dark'): Promise<void> {
  await page.emulateMedia({ colorScheme: theme });
  await page.waitForSelector(`html[data-mantine-color-scheme=${theme}]`);
}
