import { ApiError } from './api-error.ts';
import { databaseId } from './id.ts';

/** A version that a caller has seen, and the database ID of the record it is of, where the caller said it. */
export interface SeenVersion {
  version: number;
  id?: string | undefined;
}

/** What a change demands of its record (RFC 9110 section 13): it is the record's version that counts, whatever its answers show beside. */
export interface Preconditions {
  /** 'any' for `If-Match: *` */
  match?: SeenVersion | 'any';
  /** 'any' for `If-None-Match: *` */
  noneMatch?: SeenVersion[] | 'any';
}

/** Holds a change to its preconditions, given the version of the record as it is locked. Throws 412. */
export function requireVersion({ match, noneMatch }: Preconditions, record: { id: string; version: number }): void {
  const resource = { id: record.id, version: record.version };
  if (noneMatch === 'any' || noneMatch?.some((seen) => isOf(seen, record) && seen.version === record.version)) {
    throw new ApiError('ALREADY_EXISTS', `If-None-Match: ${record.id} exists, at version ${record.version}`, { resource });
  }
  if (match === undefined || match === 'any') return;
  if (!isOf(match, record)) {
    throw new ApiError('VERSION_MISMATCH', `If-Match: is the ETag of another record; this is ${record.id}, at version ${record.version}`, {
      resource,
    });
  }
  if (match.version !== record.version) {
    throw new ApiError('VERSION_MISMATCH', `If-Match: ${record.id} is at version ${record.version}, not ${match.version}`, { resource });
  }
}

/** Whether a version may be one of the record: always, if the caller did not say of which it is. */
function isOf(seen: SeenVersion, record: { id: string }): boolean {
  return seen.id === undefined || seen.id === databaseId(record.id);
}

/** Holds an upsert that would create to its preconditions. Throws 412. */
export function requireAbsenceAllowed({ match }: Preconditions): void {
  if (match !== undefined) throw new ApiError('DOES_NOT_EXIST', 'If-Match: there is no such record yet');
}
