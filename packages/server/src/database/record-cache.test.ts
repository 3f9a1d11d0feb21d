import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { type Changes, type KeptAnswer, type KnownPlace, RecordCache, type RecordChange } from './record-cache.ts';

/** A database with a feed, as far as the cache asks it. */
class Feed {
  place = 0;
  instance = 'first';
  took = 0;
  /** what each question about changes is answered with, once it may be */
  changed: RecordChange[] = [];
  readonly questions: KnownPlace[][] = [];
  hold: Promise<void> = Promise.resolve();
  fails: Error | undefined;

  readonly findChanges = async (known: readonly KnownPlace[]): Promise<Changes> => {
    this.questions.push([...known]);
    const answer = { place: String(this.place), instance: this.instance, took: this.took, changed: this.changed };
    await this.hold;
    if (this.fails !== undefined) throw this.fails;
    return answer;
  };
}

const answerOf = (recordId: string, body = recordId): KeptAnswer => ({ recordId, body, tag: `1-${recordId}`, matchedBy: 'id' });
let feed: Feed;
let cache: RecordCache;
beforeEach(async () => {
  vi.useFakeTimers({ toFake: ['performance'] });
  feed = new Feed();
  cache = new RecordCache({ findChanges: feed.findChanges, size: 1_000 });
  await open('env');
});
afterEach(() => {
  vi.useRealTimers();
});

/** The first look-up in an environment learns where its feed is. */
async function open(environmentId: string): Promise<void> {
  expect(cache.find(environmentId, 'nothing')).toBeUndefined();
  await vi.waitFor(() => expect(feed.questions.some((known) => known.some((one) => one.environmentId === environmentId))).toBe(true));
  await new Promise((resolve) => setImmediate(resolve));
}

function keep(name: string, answer: KeptAnswer, environmentId = 'env'): void {
  const reading = cache.begin();
  cache.keep(reading, environmentId, name, answer);
  cache.end(reading);
}

test('what was read is answered again, after one question for all who ask at the same moment', async () => {
  keep('a', answerOf('1'));
  keep('b', answerOf('2'));
  const asked = feed.questions.length;
  const found = await Promise.all([cache.find('env', 'a'), cache.find('env', 'b'), cache.find('env', 'a')]);
  expect(found.map((answer) => answer?.body)).toEqual(['1', '2', '1']);
  expect(feed.questions.slice(asked)).toEqual([[{ environmentId: 'env', place: '0' }]]);
});

test('a record that has changed is forgotten under all of its names, and only it', async () => {
  keep('a', answerOf('1'));
  keep('a by another name', answerOf('1'));
  keep('b', answerOf('2'));
  feed.changed = [{ environmentId: 'env', recordId: '1' }];
  const found = await Promise.all(['a', 'a by another name', 'b'].map((name) => cache.find('env', name)));
  expect(found.map((answer) => answer?.body)).toEqual([undefined, undefined, '2']);
  expect(cache.find('env', 'a')).toBeUndefined();
});

test('where anything may have changed, nothing of that environment is answered', async () => {
  await open('other');
  keep('a', answerOf('1'));
  keep('o', answerOf('2', 'two'), 'other');
  feed.changed = [{ environmentId: 'env', recordId: null }];
  expect((await Promise.all([cache.find('env', 'a'), cache.find('other', 'o')])).map((answer) => answer?.body)).toEqual([undefined, 'two']);
  feed.changed = [];
  expect(cache.find('env', 'a')).toBeUndefined();
});

test('what a statement read before a change is not kept, when the change was told before the statement was done', async () => {
  keep('b', answerOf('2'));
  const reading = cache.begin();
  feed.changed = [{ environmentId: 'env', recordId: '1' }];
  await cache.find('env', 'b');
  feed.changed = [];
  cache.keep(reading, 'env', 'a', answerOf('1'));
  cache.end(reading);
  expect(cache.find('env', 'a')).toBeUndefined();
  expect((await cache.find('env', 'b'))?.body).toBe('2');
});

test('a statement that began before its environment began anew keeps nothing', async () => {
  keep('b', answerOf('2'));
  const reading = cache.begin();
  feed.changed = [{ environmentId: 'env', recordId: null }];
  await cache.find('env', 'b');
  feed.changed = [];
  cache.keep(reading, 'env', 'a', answerOf('1'));
  cache.end(reading);
  expect(cache.find('env', 'a')).toBeUndefined();
});

test('another database process, or a feed that has gone back, answers nothing of what was kept', async () => {
  feed.place = 7;
  keep('a', answerOf('1'));
  await cache.find('env', 'a');
  feed.instance = 'promoted';
  expect(await cache.find('env', 'a')).toBeUndefined();
  keep('a', answerOf('1'));
  expect((await cache.find('env', 'a'))?.body).toBe('1');
  feed.place = 6;
  expect(await cache.find('env', 'a')).toBeUndefined();
});

test('a look-up joins no question that was asked before it', async () => {
  keep('a', answerOf('1'));
  let release = () => {};
  feed.hold = new Promise((resolve) => {
    release = resolve;
  });
  const early = cache.find('env', 'a');
  await vi.waitFor(() => expect(feed.questions.at(-1)).toEqual([{ environmentId: 'env', place: '0' }]));
  // The change is made, and answered, after that question was asked and before it is answered.
  feed.changed = [{ environmentId: 'env', recordId: '1' }];
  const late = cache.find('env', 'a');
  release();
  expect((await early)?.body).toBe('1');
  expect(await late).toBeUndefined();
});

test('a question that fails fails the look-ups that wait for it; those after it read', async () => {
  keep('a', answerOf('1'));
  feed.fails = new Error('connection lost');
  await expect(cache.find('env', 'a')).rejects.toThrow('connection lost');
  expect(cache.find('env', 'a')).toBeUndefined();
});

test('nothing is answered a minute after it was read', async () => {
  keep('a', answerOf('1'));
  for (const seconds of [30, 29]) {
    vi.advanceTimersByTime(seconds * 1_000);
    expect((await cache.find('env', 'a'))?.body).toBe('1');
  }
  vi.advanceTimersByTime(2_000);
  expect(cache.find('env', 'a')).toBeUndefined();
});

test('an environment that nobody asked about for a minute begins anew', async () => {
  vi.advanceTimersByTime(61_000);
  keep('a', answerOf('1'));
  expect(cache.find('env', 'a')).toBeUndefined();
  await vi.waitFor(() => expect(feed.questions.at(-1)).toEqual([{ environmentId: 'env', place: null }]));
});

test('while questions take long, look-ups do without', async () => {
  keep('a', answerOf('1'));
  feed.took = 6;
  for (let count = 0; count < 3; count += 1) expect((await cache.find('env', 'a'))?.body).toBe('1');
  const asked = feed.questions.length;
  expect(cache.find('env', 'a')).toBeUndefined();
  expect(feed.questions).toHaveLength(asked);
  vi.advanceTimersByTime(1_001);
  expect((await cache.find('env', 'a'))?.body).toBe('1');
});

test('it keeps as much text as it may, what was asked for last', async () => {
  keep('a', answerOf('1', 'x'.repeat(400)));
  keep('b', answerOf('2', 'x'.repeat(400)));
  await cache.find('env', 'a');
  keep('c', answerOf('3', 'x'.repeat(400)));
  keep('too large', answerOf('4', 'x'.repeat(1_000)));
  const found = await Promise.all(['a', 'b', 'c', 'too large'].map((name) => cache.find('env', name)));
  expect(found.map((answer) => answer?.recordId)).toEqual(['1', undefined, '3', undefined]);
});
