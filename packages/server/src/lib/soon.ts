import { setTimeout as sleep } from 'node:timers/promises';

/** What is promised, if it comes within so many milliseconds; undefined if it does not, or fails. It is not ended by that, and nobody hears of its failure. */
export async function soon<Value>(promised: Promise<Value>, milliseconds: number): Promise<Value | undefined> {
  const late = new AbortController();
  try {
    return await Promise.race([promised, sleep(milliseconds, undefined, { signal: late.signal })]);
  } catch {
    return undefined;
  } finally {
    late.abort();
  }
}
