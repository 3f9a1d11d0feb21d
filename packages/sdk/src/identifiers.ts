import type { RekeyAnswer, RekeyRequest, ResolveAnswer, ResolveRequest } from '@crosswalk/contract';
import { described, type OptionNames, readOptions } from './options.ts';
import type { CallOptions, Connection } from './request.ts';

/** Names the system an external ID is of; left out, the primary one is meant. */
export interface SystemOption {
  system?: string;
}

export const systemNames: OptionNames<SystemOption> = { system: true };

/** A record: its ID, or an ID of your own. */
export type RecordName = string | ({ externalId: string } & SystemOption);

/** Where something is: a path, and the query that belongs to it. */
export interface Address {
  path: string;
  query: Record<string, string | undefined>;
}

/** Where a record of a collection is, or a part of it such as `history`. `name` is what the caller knows the argument by. */
export function addressOf(collection: string, name: string, record: RecordName, part?: string): Address {
  if (typeof record === 'string')
    return { path: `${collection}/${segment(name, record)}${part === undefined ? '' : `/${part}`}`, query: {} };
  if (typeof record !== 'object' || record === null || Array.isArray(record))
    throw new TypeError(
      `${name} must be an ID that Crosswalk made, or { externalId, system } with one of your own, not ${described(record)}`,
    );
  const { externalId, system } = readOptions(record, { externalId: true, ...systemNames });
  return { path: `${collection}:external${part === undefined ? '' : `:${part}`}`, query: { ...externalQuery(externalId, system) } };
}

/** The query that names a record by an external ID. A query takes any ID; a path could not hold `..`. */
export function externalQuery(externalId: string, system: string | undefined): { external_id: string; system: string | undefined } {
  return { external_id: requireText('externalId', externalId), system };
}

/**
 * A path segment. An empty one would name another path, and so would `.` and `..`, which no encoding keeps in a path: `%2e%2e` is taken for `..`
 * by whatever reads an address.
 */
export function segment(name: string, id: string): string {
  const text = requireText(name, id);
  if (text === '.' || text === '..')
    throw new TypeError(
      `${name} must not be ${JSON.stringify(text)}: in a path that is no name. Give the ID that Crosswalk made; an ID of your own is taken by the methods with ByExternalId in their name, and as { externalId } where a record may be named by either`,
    );
  return encodeURIComponent(text);
}

function requireText(name: string, value: string): string {
  if (typeof value !== 'string' || value === '')
    throw new TypeError(`${name} must be a text that is not empty, not ${JSON.stringify(value) ?? typeof value}`);
  return value;
}

/** Finds the records of up to 1,000 IDs of any sort; tells how each matched. */
export async function resolve(
  connection: Connection,
  ids: ResolveRequest['ids'],
  options?: CallOptions,
): Promise<ResolveAnswer['results']> {
  const { results } = await connection.call<ResolveAnswer>({ method: 'POST', path: '/api/v1/resolve', body: { ids }, options }, 'results');
  return results;
}

/** Replaces external IDs in bulk, in one transaction. */
export function rekey(connection: Connection, request: RekeyRequest, options?: CallOptions): Promise<RekeyAnswer> {
  return connection.call({ method: 'POST', path: '/api/v1/rekey', body: request, options });
}
