import type { Locator, Page } from 'playwright-core';

/** Places that the focus may pass before it is where it should be. */
const most = 120;

/** Goes from control to control by Tab until `target` has the focus, as whoever has no mouse does. Fails when it is not come by. */
export async function tabTo(page: Page, target: Locator): Promise<void> {
  // Some controls are there for the focus alone, and drawn by what is beside them.
  await target.waitFor({ state: 'attached' });
  await walkTo(page, target, 'Tab');
}

async function walkTo(page: Page, target: Locator, key: 'Tab' | 'ArrowDown'): Promise<void> {
  // Held on to, as finding it anew after each press takes longer than the press.
  let element = await target.elementHandle();
  for (let presses = 0; presses < most; presses += 1) {
    const place = await element?.evaluate((held) =>
      held === document.activeElement ? 'focused' : held.isConnected ? 'elsewhere' : 'gone',
    );
    if (place === 'focused') return;
    if (place === 'gone') element = await target.elementHandle();
    else await page.keyboard.press(key);
  }
  throw new Error(`${most} times ${key} do not lead to ${String(target)}`);
}

/** Goes to a control by Tab and presses it. */
export async function pressOn(page: Page, target: Locator): Promise<void> {
  await tabTo(page, target);
  await page.keyboard.press('Enter');
}

/** Opens a menu by its button and chooses what has the name. */
export async function chooseFromMenu(page: Page, opener: Locator, name: string | RegExp): Promise<void> {
  await pressOn(page, opener);
  const item = page.getByRole('menuitem', { name });
  await item.waitFor();
  // It has the focus a moment after it is seen, and the arrows are its own from then on.
  await page.waitForFunction(() => document.activeElement?.closest('[role=menu]') instanceof Element);
  await walkTo(page, item, 'ArrowDown');
  await page.keyboard.press('Enter');
}

/** Goes to a field by Tab and writes into it, in the place of what it says. */
export async function writeInto(page: Page, target: Locator, text: string): Promise<void> {
  await tabTo(page, target);
  await page.keyboard.press('Control+a');
  await page.keyboard.press('Delete');
  await page.keyboard.type(text);
}

/** Goes to a list of choices by Tab and chooses one by the first letters of its label. */
export async function chooseIn(page: Page, target: Locator, label: string): Promise<void> {
  await tabTo(page, target);
  await page.keyboard.type(label);
}
