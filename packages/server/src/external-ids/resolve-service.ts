import type { ResolveAnswer, ResolveMatch, ResolveRequest } from '@crosswalk/contract';
import type pg from 'pg';
import type { RequestContext } from '../environments/index.ts';
import { formatId, parseId } from '../lib/id.ts';
import { primarySystem } from './external-id.ts';
import {
  type ExternalIdHit,
  findExternalIds,
  type Question,
  type Summary,
  summarizeOrganizations,
  summarizeUsers,
} from './resolve-store.ts';

/** Finds records by IDs of any sort, many at once. */
export class ResolveService {
  readonly #pool: pg.Pool;
  readonly #emailKey: (text: string) => string | undefined;

  /** `emailKey` gives the key of an address, or undefined for a text that is none. */
  constructor({ pool, emailKey }: { pool: pg.Pool; emailKey: (text: string) => string | undefined }) {
    this.#pool = pool;
    this.#emailKey = emailKey;
  }

  /**
   * Tells for each ID which records it leads to, and how: as Crosswalk's own ID, as an external ID of any system,
   * as an alias, as an email address. Three statements, however many IDs are asked for.
   */
  async resolve({ environmentId }: RequestContext, { ids }: ResolveRequest): Promise<ResolveAnswer> {
    const questions = ids.map(
      (item): Question =>
        typeof item === 'string' ? { value: item, kind: undefined, system: undefined } : { kind: undefined, system: undefined, ...item },
    );
    // NUL and lone surrogates cannot reach the database; nothing has such an ID.
    const askable = questions.map((question) =>
      question.value.includes('\0') || !question.value.isWellFormed() ? { ...question, value: '' } : question,
    );
    const hits = await findExternalIds(this.#pool, environmentId, askable);
    const own = askable.map((question) => this.#ownNames(question));
    const [organizations, users] = await Promise.all([
      summarizeOrganizations(this.#pool, environmentId, distinct([...own.map(({ org }) => org), ...idsOf(hits, 'organization')])),
      summarizeUsers(
        this.#pool,
        environmentId,
        distinct([...own.map(({ usr }) => usr), ...idsOf(hits, 'user')]),
        distinct(own.map(({ key }) => key)),
      ),
    ]);

    const matches: ResolveMatch[][] = questions.map(() => []);
    const add = (
      index: number,
      kind: ResolveMatch['kind'],
      summary: Summary | undefined,
      how: Pick<ResolveMatch, 'matched_by'> & Partial<ResolveMatch>,
      system = primarySystem,
    ) => {
      if (summary !== undefined) matches[index]?.push({ ...matchOf(kind, summary, system), ...how });
    };
    for (const [index, { org, usr, key }] of own.entries()) {
      if (org !== undefined) add(index, 'organization', organizations.get(org), { matched_by: 'id' });
      if (usr !== undefined) add(index, 'user', users.byId.get(usr), { matched_by: 'id' });
      if (key !== undefined) add(index, 'user', users.byEmailKey.get(key), { matched_by: 'email' });
    }
    for (const { n, kind, system, recordId, aliasExpireTime } of hits) {
      const summary = kind === 'organization' ? organizations.get(recordId) : users.byId.get(recordId);
      const how =
        aliasExpireTime === null
          ? { matched_by: 'external_id' as const }
          : { matched_by: 'alias' as const, alias_expires_at: aliasExpireTime };
      add(n, kind, summary, how, system);
    }
    return { results: questions.map(({ value }, index) => ({ value, matches: matches[index] ?? [] })) };
  }

  /** What a text can mean apart from an external ID: a question that names a system asks for nothing else. */
  #ownNames({ value, kind, system }: Question): { org?: string | undefined; usr?: string | undefined; key?: string | undefined } {
    if (system !== undefined) return {};
    return {
      ...(kind === 'user' ? {} : { org: parseId('org', value) }),
      ...(kind === 'organization' ? {} : { usr: parseId('usr', value), key: value.includes('@') ? this.#emailKey(value) : undefined }),
    };
  }
}

function idsOf(hits: ExternalIdHit[], kind: ResolveMatch['kind']): string[] {
  return hits.filter((hit) => hit.kind === kind).map(({ recordId }) => recordId);
}

function distinct(values: (string | undefined)[]): string[] {
  return [...new Set(values.filter((value) => value !== undefined))];
}

function matchOf(
  kind: ResolveMatch['kind'],
  { id, name, external_id, external_ids }: Summary,
  system: string,
): Omit<ResolveMatch, 'matched_by'> {
  return {
    kind,
    id: formatId(kind === 'organization' ? 'org' : 'usr', id),
    system: system === primarySystem ? null : system,
    external_id: system === primarySystem ? external_id : (external_ids[system] ?? null),
    display_name: name,
  };
}
