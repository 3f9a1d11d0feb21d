import type { Metadata, UserProfile, UserProfileInput } from '@crosswalk/contract';
import { excerpt, invalid } from '../lib/api-error.ts';
import { requireText } from '../lib/text.ts';
import { changeOf, type MetadataUpdate, mergeMetadata, refuseForbiddenKey } from '../metadata/index.ts';

/** A profile as it is stored: without nulls, and without the other names that Scalekit has for two fields. */
export type StoredProfile = Omit<UserProfile, 'first_name' | 'last_name'>;

/**
 * The profile after a request: fields not named stay, null clears one, metadata merges unless another change of it is given. 400 names
 * the field.
 */
export function patchProfile(
  before: StoredProfile,
  patch: UserProfileInput | undefined,
  metadataUpdate?: MetadataUpdate,
  field = 'user_profile',
): StoredProfile {
  if (patch === undefined) return before;
  const { metadata, ...others } = patch;
  for (const [name, value] of Object.entries(others)) checkTexts(value, `${field}.${name}`);
  const { first_name: _first, last_name: _last, ...changes } = others;
  const merged = {
    ...before,
    ...changes,
    ...secondName('given_name', 'first_name', patch, field),
    ...secondName('family_name', 'last_name', patch, field),
    metadata:
      metadataUpdate === undefined
        ? patchMetadata(before.metadata, metadata, `${field}.metadata`)
        : updateMetadata(before.metadata, metadataUpdate, `${field}.metadata`),
  };
  return Object.fromEntries(Object.entries(merged).filter(([, value]) => value !== null && value !== undefined));
}

/** The user is locked when a profile is patched, so the merge may happen here: no other writer's key is lost. */
function patchMetadata(before: Metadata | undefined, patch: UserProfileInput['metadata'], field: string): Metadata | undefined {
  if (patch === undefined) return before;
  return patch === null ? undefined : mergeMetadata(before ?? {}, patch, field);
}

function updateMetadata(before: Metadata | undefined, update: MetadataUpdate, field: string): Metadata | undefined {
  const { metadata, replace } = changeOf(update, before ?? {});
  return replace ? metadata : patchMetadata(before, metadata, field);
}

/** A field given under its other name. Both at once are fine as long as they agree. */
function secondName(
  name: 'given_name' | 'family_name',
  other: 'first_name' | 'last_name',
  patch: UserProfileInput,
  field: string,
): UserProfileInput {
  const value = patch[other];
  if (value === undefined) return {};
  if (patch[name] !== undefined && patch[name] !== value) {
    throw invalid(`${field}.${other}`, `is another name of ${name}, and the two differ`, 'same_as');
  }
  return { [name]: value };
}

function checkTexts(value: unknown, path: string): void {
  if (typeof value === 'string') {
    requireText(value, 'name', path);
  } else if (typeof value === 'object' && value !== null) {
    for (const [key, member] of Object.entries(value)) {
      const at = `${path}.${excerpt(key)}`;
      if (!Array.isArray(value)) {
        checkTexts(key, path);
        refuseForbiddenKey(key, at);
      }
      checkTexts(member, at);
    }
  }
}

/** The profile as it is answered: every field under all of its names. */
export function answeredProfile(stored: StoredProfile): UserProfile {
  return {
    ...stored,
    ...(stored.given_name === undefined ? {} : { first_name: stored.given_name }),
    ...(stored.family_name === undefined ? {} : { last_name: stored.family_name }),
  };
}
