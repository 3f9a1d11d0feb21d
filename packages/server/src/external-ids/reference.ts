import type { ErrorCode, MatchedBy, RecordKind } from '@crosswalk/contract';
import type { Queryable } from '../database/connection.ts';
import { publicId } from '../events/index.ts';
import { ApiError, excerpt } from '../lib/api-error.ts';
import { primarySystem, type RecordReference } from './external-id.ts';
import { findHolders } from './external-id-bulk-store.ts';
import { findRecordId, hasOrganization } from './external-id-store.ts';

/**
 * The database ID of the record a caller names. For an external ID this reads it (aliases included); a database
 * ID is returned as it is, whether or not the record exists. Throws 404 when nothing has the external ID.
 */
export async function resolveReference(
  db: Queryable,
  environmentId: string,
  kind: RecordKind,
  reference: RecordReference,
): Promise<string> {
  if ('id' in reference) return reference.id;
  const id = await findRecordId(db, environmentId, kind, reference);
  if (id === undefined) throw notFound(kind, reference);
  return id;
}

/** A record that a caller names: its database ID, and what the name is to it. */
export interface Resolved {
  id: string;
  matchedBy: MatchedBy;
}

/** The same for the records that several callers name, in their order. Throws 404 when nothing has one of the external IDs. */
export async function resolveReferences(
  db: Queryable,
  environmentId: string,
  kind: RecordKind,
  references: readonly RecordReference[],
): Promise<Resolved[]> {
  const keys = references.flatMap((reference) => ('id' in reference ? [] : [reference]));
  const holders = await findHolders(db, environmentId, kind, keys);
  const found = new Map(keys.map((key, index) => [key, holders[index]]));
  return references.map((reference) => {
    if ('id' in reference) return { id: reference.id, matchedBy: 'id' };
    const holder = found.get(reference);
    if (holder === undefined) throw notFound(kind, reference);
    return { id: holder.recordId, matchedBy: holder.isAlias ? 'alias' : 'external_id' };
  });
}

/** Holds a call about what belongs to an organization (database ID) to one that there is: 404 if there is none. */
export async function requireOrganization(db: Queryable, environmentId: string, id: string): Promise<void> {
  if (!(await hasOrganization(db, environmentId, id))) throw notFound('organization', { id });
}

const codes: Record<RecordKind, ErrorCode> = { organization: 'ORGANIZATION_NOT_FOUND', user: 'USER_NOT_FOUND' };

/** The 404 of a record: the same for one of another environment as for none. */
export function notFound(kind: RecordKind, reference: RecordReference): ApiError {
  if ('id' in reference) {
    const id = publicId(kind, reference.id);
    return new ApiError(codes[kind], `there is no ${kind} ${id}`, { resource: { id, kind } });
  }
  const { system, value } = reference;
  const which = system === primarySystem ? 'external ID' : `${system} ID`;
  return new ApiError(codes[kind], `there is no ${kind} with the ${which} ${excerpt(value)}`, {
    resource: { kind, value: excerpt(value), ...(system === primarySystem ? {} : { system }) },
  });
}

/** The 404 of a membership: IDs are public ones. */
export function membershipNotFound(organizationId: string, userId: string): ApiError {
  return new ApiError('MEMBERSHIP_NOT_FOUND', `${userId} is not a member of ${organizationId}`, { resource: { kind: 'membership' } });
}
