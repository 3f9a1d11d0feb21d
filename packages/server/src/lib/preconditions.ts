import { ApiError } from './api-error.ts';

/** What a change demands of its record (RFC 9110 section 13): it is the record's version that counts, whatever its answers show beside. */
export interface Preconditions {
  /** a version, or 'any' for `If-Match: *` */
  match?: number | 'any';
  /** versions, or 'any' for `If-None-Match: *` */
  noneMatch?: number[] | 'any';
}

/** Holds a change to its preconditions, given the version of the record as it is locked. Throws 412. */
export function requireVersion({ match, noneMatch }: Preconditions, record: { id: string; version: number }): void {
  const resource = { id: record.id, version: record.version };
  if (noneMatch === 'any' || noneMatch?.includes(record.version)) {
    throw new ApiError('ALREADY_EXISTS', `If-None-Match: ${record.id} exists, at version ${record.version}`, { resource });
  }
  if (typeof match === 'number' && match !== record.version) {
    throw new ApiError('VERSION_MISMATCH', `If-Match: ${record.id} is at version ${record.version}, not ${match}`, { resource });
  }
}

/** Holds an upsert that would create to its preconditions. Throws 412. */
export function requireAbsenceAllowed({ match }: Preconditions): void {
  if (match !== undefined) throw new ApiError('DOES_NOT_EXIST', 'If-Match: there is no such record yet');
}
