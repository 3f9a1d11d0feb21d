import { createHash } from 'node:crypto';

/**
 * The entity tag of an answer that shows more than its record, which changes without it: the version, and 64 bits of a hash of
 * all that is shown beside (`shown`). A change is held to the version alone, see docs/decisions/0031-what-an-etag-is-compared-with.md.
 */
export function versionTag(version: number, shown: string): string {
  return `${version}-${createHash('sha256').update(shown).digest('hex').slice(0, 16)}`;
}
