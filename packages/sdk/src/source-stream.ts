import type { TransferRow } from '@crosswalk/contract';
import { jsonOf } from './json.ts';

/** A source that gives its file part by part. */
export type PartSource =
  | ReadableStream<Uint8Array>
  | Iterable<TransferRow | string | Uint8Array>
  | AsyncIterable<TransferRow | string | Uint8Array>;

/** How much is read at once: rows are joined, as one by one they cost more than their bytes, and the event loop has its turn after it. Bytes. */
const partSize = 64 * 1024;
/** How long what was read waits for more: a source that is slower is sent as it comes, so that no proxy takes it for dead. Milliseconds. */
const patience = 1_000;

/**
 * The bytes of a source, read as they are wanted, and the source given back when they are not wanted any more: `fetch` reads a stream on
 * after an answer, and ends neither streams nor iterables that it leaves.
 */
export class SourceStream {
  readonly body: ReadableStream<Uint8Array>;
  readonly #source: PartSource;
  readonly #encoder = new TextEncoder();
  #controller: ReadableStreamDefaultController<Uint8Array> | undefined;
  /** undefined until the first part is wanted: a call that fails before leaves the source as it is */
  #reader: PartReader | undefined;
  /** what was asked for and has not been taken yet */
  #next: Promise<Read> | Read | undefined;
  #isOver = false;
  #values = 0;
  #failure: { error: unknown } | undefined;

  constructor(source: PartSource) {
    this.#source = source;
    this.body = new ReadableStream<Uint8Array>(
      {
        start: (controller) => {
          this.#controller = controller;
        },
        pull: (controller) => this.#pull(controller),
        cancel: () => this.giveBack(),
      },
      // Nothing is read before it is wanted.
      { highWaterMark: 0 },
    );
  }

  /** What the source threw: `fetch` tells no more of it than that it got no answer. */
  get failure(): { error: unknown } | undefined {
    return this.#failure;
  }

  /** Reads no more, and tells the source so unless it has ended. */
  giveBack(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    // An end would make what was sent so far look like all of it.
    this.#controller?.error(new Error('the file is not wanted any more'));
    // Not waited for: a generator that waits for something itself takes note when it goes on.
    void (async () => this.#reader?.end())().catch(() => {});
  }

  async #pull(controller: ReadableStreamDefaultController<Uint8Array>): Promise<void> {
    try {
      const { bytes, isLast } = await this.#read();
      // Given back meanwhile: nobody reads it any more.
      if (this.#isOver) return;
      controller.enqueue(bytes);
      if (isLast) controller.close();
      this.#isOver = isLast;
    } catch (error) {
      this.#isOver = true;
      this.#failure = { error };
      throw error;
    }
  }

  async #read(): Promise<{ bytes: Uint8Array; isLast: boolean }> {
    const parts: Uint8Array[] = [];
    let isLast = false;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const late = new Promise<undefined>((resolve) => {
      timer = setTimeout(() => resolve(undefined), patience);
    });
    try {
      for (let size = 0; !isLast && !this.#isOver && size < partSize; ) {
        // There is nothing to send before the first has come.
        const read = parts.length === 0 ? await this.#asked() : await Promise.race([this.#asked(), late]);
        if (read === undefined) break;
        this.#next = undefined;
        isLast = read.done === true;
        if (isLast) break;
        const bytes = this.#bytesOf(read.value);
        parts.push(bytes);
        size += bytes.length;
      }
    } finally {
      clearTimeout(timer);
    }
    // An iterable that always has more would let no timer and no abort through.
    await new Promise((resolve) => setTimeout(resolve));
    return { bytes: joined(parts), isLast };
  }

  /** What the source gives next: one that is late is the first of the next part, and so is its failure. */
  #asked(): Promise<Read> | Read {
    if (this.#next !== undefined) return this.#next;
    this.#reader ??= readerOf(this.#source);
    const next = this.#reader.next();
    if (next instanceof Promise) next.catch(() => {});
    this.#next = next;
    return next;
  }

  #bytesOf(value: Read['value']): Uint8Array {
    this.#values += 1;
    if (value instanceof Uint8Array) return value;
    return this.#encoder.encode(typeof value === 'string' ? value : `${jsonOf(value, `row ${this.#values}`)}\n`);
  }
}

/** What reads a source, and ends it. */
interface PartReader {
  next(): Promise<Read> | Read;
  end(): unknown;
}

type Read = { done?: boolean | undefined; value?: TransferRow | string | Uint8Array | undefined };

function readerOf(source: PartSource): PartReader {
  if (source instanceof ReadableStream) {
    const reader = source.getReader();
    return { next: () => reader.read(), end: () => reader.cancel() };
  }
  const iterator = Symbol.asyncIterator in source ? source[Symbol.asyncIterator]() : source[Symbol.iterator]();
  return { next: () => iterator.next(), end: () => iterator.return?.() };
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  const [first] = parts;
  if (first !== undefined && parts.length === 1) return first;
  const bytes = new Uint8Array(parts.reduce((size, { length }) => size + length, 0));
  let position = 0;
  for (const part of parts) {
    bytes.set(part, position);
    position += part.length;
  }
  return bytes;
}
