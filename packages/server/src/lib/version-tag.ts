import { createHash } from 'node:crypto';
import { databaseId } from './id.ts';

/**
 * The entity tag of an answer that holds a record: its version and its ID, which says whose version it is where a path names the record by something that
 * another may have later. `shown`: all that the answer shows beside the record and that changes without it, of which the tag has 64 bits of a hash. See
 * docs/decisions/0031-what-an-etag-is-compared-with.md.
 */
export function recordTag({ id, version }: { id: string; version: number }, shown?: string): string {
  const tag = `${version}-${databaseId(id)}`;
  return shown === undefined ? tag : `${tag}-${createHash('sha256').update(shown).digest('hex').slice(0, 16)}`;
}
