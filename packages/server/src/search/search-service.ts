import { type RecordKind, type ResolveMatch, type SearchAnswer, type SearchMatch, searchLimits } from '@crosswalk/contract';
import type pg from 'pg';
import { DatabaseError } from 'pg';
import { inTransaction } from '../database/transaction.ts';
import type { RequestContext } from '../environments/index.ts';
import { publicId } from '../events/index.ts';
import { primarySystem, type ResolveService } from '../external-ids/index.ts';
import { databaseId } from '../lib/id.ts';
import { pointsIn } from '../lib/text.ts';
import { type Found, findWithin as findTextWithin, findValue, firstOfEach, type Hit, metadataValues, searchText } from './search.ts';
import { findBeginning, findWithin, readFound } from './search-store.ts';

/** How long it looks within names for more than it has; a person is waiting. Milliseconds. */
const withinTimeout = 1_000;

/** An external ID that is no name: eight characters or more without white space, a digit among them. */
const distinctId = /^(?=.*\d)\S{8,}$/;

/** Finds records by whatever a person has in hand: one box for everything. */
export class SearchService {
  readonly #pool: pg.Pool;
  readonly #resolver: ResolveService;

  constructor({ pool, resolver }: { pool: pg.Pool; resolver: ResolveService }) {
    this.#pool = pool;
    this.#resolver = resolver;
  }

  /** The best `limit` matches: those of exactly the text, then what begins with it, then what has it within (from three characters on, and unless it is somebody's ID). */
  async search(context: RequestContext, q: string, limit: number): Promise<SearchAnswer> {
    const { environmentId } = context;
    const text = searchText(q);
    const values = metadataValues(text);
    const [resolved, beginning] = await Promise.all([
      this.#resolver.resolve(context, { ids: [text] }),
      findBeginning(this.#pool, environmentId, text, values, limit),
    ]);
    const exact = (resolved.results[0]?.matches ?? []).map((match) => hitOf(match, text));
    const ranked = [...exact, ...beginning.filter((hit) => hit.exact), ...beginning.filter((hit) => !hit.exact)];
    let hits = firstOfEach(ranked, limit);
    let complete = true;
    // An ID or address of somebody is no part of another's name; an external ID may be, where it is short or a word.
    const certain = exact.some(({ matchedBy }) => matchedBy === 'id' || matchedBy === 'email' || distinctId.test(text));
    if (!certain && hits.length < limit && pointsIn(text) >= searchLimits.withinPoints) {
      const within = await this.#within(environmentId, text, limit);
      complete = within !== undefined;
      hits = firstOfEach([...hits, ...(within ?? [])], limit);
    }
    const idsOf = (kind: RecordKind) => hits.filter((hit) => hit.kind === kind).map(({ id }) => id);
    const found = await readFound(this.#pool, environmentId, idsOf('organization'), idsOf('user'));
    const byKey = new Map(found.map((record) => [`${record.kind} ${record.id}`, record]));
    const matches = hits.flatMap((hit) => {
      // A record may have gone since.
      const record = byKey.get(`${hit.kind} ${hit.id}`);
      return record === undefined ? [] : [matchOf(hit, record, text, values)];
    });
    return { matches, complete };
  }

  /** Undefined when it takes too long: a short text that very many records have. */
  async #within(environmentId: string, text: string, limit: number): Promise<Hit[] | undefined> {
    try {
      return await inTransaction(this.#pool, (tx) => findWithin(tx, environmentId, text, limit), { statementTimeout: withinTimeout });
    } catch (error) {
      if (error instanceof DatabaseError && error.code === '57014') return undefined;
      throw error;
    }
  }
}

function hitOf({ kind, id, matched_by: matchedBy, system }: ResolveMatch, value: string): Hit {
  return { kind, id: databaseId(id), matchedBy, system: system ?? primarySystem, value, exact: true };
}

function matchOf(hit: Hit, record: Found, text: string, values: readonly (string | number)[]): SearchMatch {
  const value = hit.matchedBy === 'metadata' ? findValue(record.metadata, values) : undefined;
  const known: Hit = hit.value === undefined && value === undefined ? { ...hit, ...findTextWithin(record, text) } : hit;
  return {
    kind: record.kind,
    id: publicId(record.kind, record.id),
    display_name: record.display_name,
    matched_by: known.matchedBy,
    system: known.system === primarySystem ? null : known.system,
    key: value?.key ?? null,
    value: value?.value ?? known.value ?? text,
    exact: known.exact,
    external_id: record.external_id,
  };
}
