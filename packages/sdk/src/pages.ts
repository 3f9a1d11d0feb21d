import type { OptionNames } from './options.ts';

/** The parts of every page beside its records. */
export interface PageInfo {
  next_page_token: string;
  prev_page_token: string;
  /** exact up to 10,000 */
  total_size: number;
  /** more than `total_size` match */
  total_size_is_floor: boolean;
  /** in the first page of records: the change feed after it has every change that the list may not show */
  events_cursor?: string;
}

/** What every list takes. `pageSize` is 1 to 100, default 30. */
export interface PageOptions {
  pageSize?: number;
  pageToken?: string;
}

export const pageNames: OptionNames<PageOptions> = { pageSize: true, pageToken: true };

/**
 * A list of records. `await` gives one page; `for await` gives every record of this page and all that follow,
 * fetching pages as they are needed.
 */
export class List<Page extends PageInfo, Item> implements PromiseLike<Page>, AsyncIterable<Item> {
  readonly #fetchPage: (pageToken: string | undefined) => Promise<Page>;
  readonly #itemsOf: (page: Page) => Item[];
  readonly #first: string | undefined;

  constructor(fetchPage: (pageToken: string | undefined) => Promise<Page>, itemsOf: (page: Page) => Item[], first?: string) {
    this.#fetchPage = fetchPage;
    this.#itemsOf = itemsOf;
    this.#first = first;
  }

  // biome-ignore lint/suspicious/noThenProperty: a list is awaited for one page and iterated for all
  then<Result1 = Page, Result2 = never>(
    onFulfilled?: ((page: Page) => Result1 | PromiseLike<Result1>) | null,
    onRejected?: ((reason: unknown) => Result2 | PromiseLike<Result2>) | null,
  ): Promise<Result1 | Result2> {
    return this.#fetchPage(this.#first).then(onFulfilled, onRejected);
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Item> {
    let token = this.#first;
    for (;;) {
      const page = await this.#fetchPage(token);
      yield* this.#itemsOf(page);
      if (page.next_page_token === '') return;
      token = page.next_page_token;
    }
  }
}
