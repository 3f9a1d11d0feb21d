import type { ResolveAnswer, ResolveMatch, ResolveRequest } from '@crosswalk/contract';
import type pg from 'pg';
import type { RequestContext } from '../environments/index.ts';
import { publicId } from '../events/index.ts';
import { parseId } from '../lib/id.ts';
import { isStorable } from '../lib/text.ts';
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
    const questions = ids.map(questionOf);
    const hits = await findExternalIds(this.#pool, environmentId, questions);
    const own = questions.map((question) => this.#ownNames(question));
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
    for (const [index, { org, usr, key }] of own.entries()) {
      const found = matches[index] ?? [];
      if (org !== undefined) addMatch(found, 'organization', organizations.get(org), 'id');
      if (usr !== undefined) addMatch(found, 'user', users.byId.get(usr), 'id');
      if (key !== undefined) addMatch(found, 'user', users.byEmailKey.get(key), 'email');
    }
    for (const { n, kind, system, recordId, aliasExpireTime } of hits) {
      const summary = kind === 'organization' ? organizations.get(recordId) : users.byId.get(recordId);
      addMatch(matches[n] ?? [], kind, summary, aliasExpireTime === null ? 'external_id' : 'alias', system, aliasExpireTime);
    }
    return { results: ids.map((item, index) => ({ value: typeof item === 'string' ? item : item.value, matches: matches[index] ?? [] })) };
  }

  /** What a text can mean apart from an external ID: a question that names a system asks for nothing else. */
  #ownNames({ value, kind, system }: Question): OwnNames {
    if (system !== undefined) return nothing;
    return {
      org: kind === 'user' ? undefined : parseId('org', value),
      usr: kind === 'organization' ? undefined : parseId('usr', value),
      key: kind === 'organization' || !value.includes('@') ? undefined : this.#emailKey(value),
    };
  }
}

/** Database IDs and the key of an address that a text may be. */
interface OwnNames {
  org: string | undefined;
  usr: string | undefined;
  key: string | undefined;
}

const nothing: OwnNames = { org: undefined, usr: undefined, key: undefined };

/** NUL and lone surrogates cannot reach the database; nothing has such an ID. */
function questionOf(item: ResolveRequest['ids'][number]): Question {
  const { value, kind, system } = typeof item === 'string' ? { value: item } : item;
  return { value: isStorable(value) ? value : '', kind, system };
}

function idsOf(hits: ExternalIdHit[], kind: ResolveMatch['kind']): string[] {
  return hits.filter((hit) => hit.kind === kind).map(({ recordId }) => recordId);
}

function distinct(values: (string | undefined)[]): string[] {
  return [...new Set(values.filter((value) => value !== undefined))];
}

function addMatch(
  found: ResolveMatch[],
  kind: ResolveMatch['kind'],
  summary: Summary | undefined,
  matchedBy: ResolveMatch['matched_by'],
  system = primarySystem,
  aliasExpireTime: string | null = null,
): void {
  if (summary === undefined) return;
  const match: ResolveMatch = {
    kind,
    id: publicId(kind, summary.id),
    system: system === primarySystem ? null : system,
    external_id: system === primarySystem ? summary.external_id : (summary.external_ids[system] ?? null),
    display_name: summary.name,
    matched_by: matchedBy,
  };
  if (aliasExpireTime !== null) match.alias_expires_at = aliasExpireTime;
  found.push(match);
}
