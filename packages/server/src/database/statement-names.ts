import { createHash } from 'node:crypto';
import { LRUCache } from 'lru-cache';

/** A statement gets a name when it is asked for this often. */
const namedFrom = 10;

/** Names at most, as each connection keeps the plan of each: some 50 KB in PostgreSQL. Later ones stay without. */
const mostNames = 50;

const asked = new LRUCache<string, number>({ max: 500 });
const names = new Map<string, string>();

/**
 * The name of a statement that is put together anew each time, if it is asked for often: parsing and planning a page of a list take the
 * database as long as finding it. Only for statements that one plan is right for, whatever their values are: PostgreSQL may keep the plan of
 * five that were alike for all that follow.
 */
export function nameOf(text: string): string | undefined {
  const known = names.get(text);
  if (known !== undefined) return known;
  const times = (asked.get(text) ?? 0) + 1;
  asked.set(text, times);
  if (times < namedFrom || names.size >= mostNames) return undefined;
  const name = `page-${createHash('sha256').update(text).digest('base64url').slice(0, 16)}`;
  names.set(text, name);
  asked.delete(text);
  return name;
}
