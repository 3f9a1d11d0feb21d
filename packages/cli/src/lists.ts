import { pageSize } from '@crosswalk/contract/limits';
import type { Command } from 'commander';
import type { Cli, CommonOptions } from './cli.ts';
import { UsageError } from './exit.ts';
import { wholeNumber } from './options.ts';

/** Options of every list. */
export interface ListOptions extends CommonOptions {
  limit: number;
  all?: boolean;
  pageToken?: string;
}

/** A page of any list: its items, and the token of the next one; empty when there is none. */
export interface ListPage<Item> {
  items: readonly Item[];
  next: string;
}

/** Adds the options of a list. */
export function withPages(command: Command): Command {
  return command
    .option('--limit <number>', 'how many', wholeNumber(1), pageSize.default)
    .option('--all', 'all of them; with --json a line of JSON each (JSON Lines)')
    .option('--page-token <token>', 'go on with an --all that was interrupted');
}

/**
 * Prints a list: up to `limit` items, as one JSON array where JSON is asked for; or all, line by line as the pages come, so that the
 * memory it takes does not grow.
 */
export async function printList<Item>(
  cli: Cli,
  options: ListOptions,
  pageOf: (page: { pageSize: number; pageToken?: string }, signal?: AbortSignal) => Promise<ListPage<Item>>,
  lineOf: (item: Item) => string,
): Promise<void> {
  const first = options.pageToken === undefined ? {} : { pageToken: options.pageToken };
  if (options.all !== true) {
    if (options.pageToken !== undefined) throw new UsageError('--page-token goes with --all');
    // One more than is shown tells whether there are more.
    const items: Item[] = [];
    let page: ListPage<Item> = { items, next: '' };
    for (let at = first; items.length <= options.limit; at = { pageToken: page.next }) {
      page = await pageOf({ pageSize: Math.min(options.limit + 1 - items.length, pageSize.max), ...at });
      items.push(...page.items);
      if (page.next === '') break;
    }
    const shown = items.slice(0, options.limit);
    cli.printItems(options, shown, lineOf);
    if (items.length > shown.length) cli.say(`there are more than these ${shown.length}: see --limit and --all`);
    return;
  }
  let token = options.pageToken;
  let empty = true;
  await cli.interruptible(
    async (signal) => {
      for (;;) {
        const page = await pageOf({ pageSize: pageSize.max, ...(token === undefined ? {} : { pageToken: token }) }, signal);
        for (const item of page.items) await cli.printLine(options, item, () => lineOf(item));
        empty &&= page.items.length === 0;
        token = page.next;
        if (token === '' || signal.aborted) return token === '';
      }
    },
    () => (token ? `go on with --page-token ${token}` : undefined),
    { prints: true },
  );
  if (empty) cli.sayEmpty(options);
}
