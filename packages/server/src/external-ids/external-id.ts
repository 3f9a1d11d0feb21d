import { type MatchedBy, type RecordKind, systemForm } from '@crosswalk/contract';
import { ApiError, excerpt, invalid } from '../lib/api-error.ts';
import { pointsIn, textProblem } from '../lib/text.ts';

/** The system name of the primary external ID (`external_id`): no real system can have it. */
export const primarySystem = '';

/** The external IDs of one record by system name, the primary one under `primarySystem`. */
export type SystemIds = ReadonlyMap<string, string>;

/** One external ID: whose it is, the table `external_ids` knows. */
export interface ExternalKey {
  system: string;
  value: string;
}

/** How a caller names a record: by its database ID or by an external ID. */
export type RecordReference = { id: string } | ExternalKey;

/** A record together with how it was found. */
export interface Found<RecordType> {
  record: RecordType;
  matchedBy: MatchedBy;
  /** the answer of REST to this look-up, where it is ready */
  answer?: { body: string; tag: string };
}

const maxPoints = 255;
/** Keeps one record, and the answer that holds it, small. */
const maxSystems = 50;

/** Checks an external ID from outside; 400 INVALID_EXTERNAL_ID names the field. Returns it unchanged: never trimmed or folded. */
export function parseExternalId(value: string, field = 'external_id'): string {
  const refuse = (description: string, constraint: string) => invalid(field, description, constraint, 'INVALID_EXTERNAL_ID');
  if (value === '') throw refuse('must not be empty; leave it out or send null for none', 'min_length');
  if (value.length > 2 * maxPoints || pointsIn(value) > maxPoints) throw refuse(`must have at most ${maxPoints} characters`, 'max_length');
  const problem = textProblem(value, 'identifier');
  if (problem !== undefined) throw refuse(problem.description, problem.constraint);
  return value;
}

const systemPattern = new RegExp(systemForm.pattern);

/** Checks a system name from outside; 400 names the field. */
function parseSystem(value: string, field = 'system'): string {
  if (!systemPattern.test(value)) throw invalid(field, systemForm.rule, 'pattern');
  return value;
}

/** The external ID a path or query names; `system` left out means the primary one. */
export function externalKey(value: string, system: string | undefined): ExternalKey {
  return { system: system === undefined ? primarySystem : parseSystem(system), value: parseExternalId(value) };
}

/** The external IDs of a record as it stands. */
export function systemIdsOf(record: { external_id: string | null; external_ids: Record<string, string> }): SystemIds {
  const ids = new Map(Object.entries(record.external_ids));
  if (record.external_id !== null) ids.set(primarySystem, record.external_id);
  return ids;
}

/** The external IDs after a request: systems it does not name stay, null removes one. */
export function patchSystemIds(
  before: SystemIds,
  patch: { external_id?: string | null; external_ids?: Record<string, string | null> },
): SystemIds {
  const after = new Map(before);
  const set = (system: string, value: string | null, field: string) => {
    if (value === null) after.delete(system);
    else after.set(system, parseExternalId(value, field));
  };
  if (patch.external_id !== undefined) set(primarySystem, patch.external_id, 'external_id');
  for (const [system, value] of Object.entries(patch.external_ids ?? {})) {
    set(parseSystem(system, `external_ids.${excerpt(system)}`), value, `external_ids.${system}`);
  }
  const systems = after.size - (after.has(primarySystem) ? 1 : 0);
  if (systems > maxSystems) {
    throw invalid(
      'external_ids',
      `a record may have the IDs of at most ${maxSystems} systems; this one would have ${systems}`,
      'max_systems',
    );
  }
  return after;
}

/** The two columns a record keeps its external IDs in. */
export function externalIdColumns(ids: SystemIds): { external_id: string | null; external_ids: Record<string, string> } {
  const bySystem = [...ids].filter(([system]) => system !== primarySystem).sort(([a], [b]) => (a < b ? -1 : 1));
  return { external_id: ids.get(primarySystem) ?? null, external_ids: Object.fromEntries(bySystem) };
}

/** A request body of an upsert with the ID of its path in it; 400 when the body names another ID of that system. */
export function withKey<Body extends { external_id?: string | null; external_ids?: Record<string, string | null> }>(
  body: Body,
  { system, value }: ExternalKey,
): Body {
  const field = fieldOf(system);
  const named = system === primarySystem ? body.external_id : body.external_ids?.[system];
  if (named !== undefined && named !== value)
    throw invalid(field, 'must be the ID of the path, or left out, when the record is created', 'same_as_path');
  return system === primarySystem ? { ...body, external_id: value } : { ...body, external_ids: { ...body.external_ids, [system]: value } };
}

/** Whether an upsert found the record absent or present and lost it to another writer before its own write: it runs again. */
export function lostUpsert(error: unknown, kind: RecordKind, { system, value }: ExternalKey): boolean {
  if (!(error instanceof ApiError)) return false;
  if (error.code === (kind === 'organization' ? 'ORGANIZATION_NOT_FOUND' : 'USER_NOT_FOUND')) return true;
  const { resource } = error.detail;
  return error.code === 'EXTERNAL_ID_TAKEN' && resource?.value === value && (resource.system ?? primarySystem) === system;
}

/** Where a body or a row has the external ID of a system. */
export function fieldOf(system: string): string {
  return system === primarySystem ? 'external_id' : `external_ids.${system}`;
}

/** The conflict of an external ID: names field (default: where a record has it), system, value and the holder's public ID. */
export function externalIdTaken(kind: RecordKind, key: ExternalKey, holderId: string, field = fieldOf(key.system)): ApiError {
  const description = `another ${kind} (${holderId}) has this external ID`;
  return new ApiError('EXTERNAL_ID_TAKEN', `${field}: ${description}`, {
    violations: [{ field, description, constraint: 'unique' }],
    resource: { id: holderId, kind, value: key.value, ...(key.system === primarySystem ? {} : { system: key.system }) },
  });
}
