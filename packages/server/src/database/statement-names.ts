import { createHash } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import type { Queryable } from './connection.ts';

/** A statement gets a name when it is asked for this often. */
const namedFrom = 10;

/** Names at most for one pool, as each of its connections keeps the plan of each: some 50 KB in PostgreSQL. Later ones stay without. */
const mostNames = 50;

/** Statements without a name that are counted. */
const mostCounted = 500;

interface Names {
  asked: LRUCache<string, number>;
  given: Map<string, string>;
}

const namesOf = new WeakMap<Queryable, Names>();

/**
 * The name of a statement that is put together anew each time, if it is asked for often: parsing and planning a page of a list take the
 * database as long as finding it. Only for statements that one plan is right for, whatever their values are: PostgreSQL may keep the plan of
 * five that were alike for all that follow (docs/decisions/0029).
 */
export function nameOf(db: Queryable, text: string): string | undefined {
  const names = namesOf.get(db) ?? { asked: new LRUCache<string, number>({ max: mostCounted }), given: new Map<string, string>() };
  namesOf.set(db, names);
  const given = names.given.get(text);
  if (given !== undefined) return given;
  const times = (names.asked.get(text) ?? 0) + 1;
  names.asked.set(text, times);
  if (times < namedFrom || names.given.size >= mostNames) return undefined;
  const name = `page-${createHash('sha256').update(text).digest('base64url').slice(0, 16)}`;
  names.given.set(text, name);
  names.asked.delete(text);
  return name;
}
