import type { CreateUser, Metadata, UpdateUser, User } from '@crosswalk/contract';
import { type AnswerForm, externalIdColumns, patchSystemIds, systemIdsOf } from '../external-ids/index.ts';
import { ApiError } from '../lib/api-error.ts';
import { type Email, parseEmail } from '../lib/email.ts';
import { recordTag } from '../lib/version-tag.ts';
import { membershipTag } from '../memberships/index.ts';
import { type MetadataUpdate, newMetadata } from '../metadata/index.ts';
import { patchProfile, type StoredProfile } from './profile.ts';

/** The fields of a user that are set as a whole. */
export interface UserFields extends Pick<User, 'external_id' | 'external_ids'> {
  email: Email;
  profile: StoredProfile;
}

/** A user who is about to be: checked, complete. */
export interface NewUser {
  fields: UserFields;
  metadata: Metadata;
}

/** Checks a request to create; 400 names the field. */
export function newUser(body: CreateUser): NewUser {
  const { email, ...others } = body;
  const blank = { email: parseEmail(email), external_id: null, external_ids: {}, profile: {} };
  return { fields: patchFields(blank, others), metadata: newMetadata(body.metadata) };
}

/** The fields after a request: those it does not name stay, null clears. `profileMetadata`: see `patchProfile`. */
export function patchFields(before: UserFields, body: UpdateUser, profileMetadata?: MetadataUpdate): UserFields {
  return {
    email: body.email === undefined ? before.email : parseEmail(body.email),
    ...externalIdColumns(patchSystemIds(systemIdsOf(before), body)),
    profile: patchProfile(before.profile, body.user_profile, profileMetadata),
  };
}

/** The entity tag of a user's answer: it shows memberships, which change without the user, so they are part of it. */
export function userTag(user: User): string {
  return recordTag(user, user.memberships.length === 0 ? undefined : user.memberships.map(membershipTag).join());
}

/** The 409 of an address: `holder` is the public ID of the user who has it; undefined: nobody has it any more. */
export function emailTaken(holder: string | undefined): ApiError {
  return new ApiError('EMAIL_TAKEN', `email: another user${holder === undefined ? '' : ` (${holder})`} has this address`, {
    violations: [{ field: 'email', description: 'another user has this address', constraint: 'unique' }],
    resource: { kind: 'user', ...(holder === undefined ? {} : { id: holder }) },
  });
}

/** How the answer to a look-up is made, and read again. */
export const answerForm: AnswerForm<User> = {
  kind: 'user',
  make: ({ record, matchedBy }) => ({ body: { user: record, matched_by: matchedBy }, tag: userTag(record) }),
  read(body) {
    const { user }: { user: User } = JSON.parse(body);
    return user;
  },
};
