import { type ApiToken, apiTokenLimits, type CreateApiToken, type UpdateApiToken } from '@crosswalk/contract';
import { ApiError, excerpt, invalid } from '../lib/api-error.ts';
import { parseId, requireId } from '../lib/id.ts';
import { hashSecret } from '../lib/secret.ts';
import { pointsIn, type TextRule, textProblem } from '../lib/text.ts';
import { parseTime } from '../lib/time.ts';
import { refuseForbiddenKey } from '../metadata/index.ts';

/** The fields of a token that are set as a whole. */
export type ApiTokenFields = Pick<ApiToken, 'description' | 'custom_claims'>;

/** A token that is about to be: checked, complete. IDs are database IDs. */
export interface NewApiToken {
  organizationId: string;
  userId: string | null;
  fields: ApiTokenFields;
  expiry: Date | null;
}

/** How a caller names a token: by its database ID, or by showing it. */
export type ApiTokenKey = { id: string } | { hash: Buffer };

/** The token that a text is or names; undefined when it can be none, whatever is stored. */
export function tokenKey(text: string): ApiTokenKey | undefined {
  if (/^cwt_[A-Za-z0-9_-]{43}$/.test(text)) return { hash: hashSecret(text) };
  const id = parseId('apit', text);
  return id === undefined ? undefined : { id };
}

/** Checks a request to create; 400 names the field. `now` is in milliseconds since 1970. */
export function newApiToken(body: CreateApiToken, now: number): NewApiToken {
  return {
    organizationId: requireId('org', body.organization_id, 'organization_id'),
    userId: typeof body.user_id === 'string' ? requireId('usr', body.user_id, 'user_id') : null,
    fields: patchFields({ description: null, custom_claims: {} }, body),
    expiry: typeof body.expiry === 'string' ? parseExpiry(body.expiry, now) : null,
  };
}

/** The fields after a request: those it does not name stay, claims are replaced as a whole, an empty description clears. 400 names the field. */
export function patchFields(before: ApiTokenFields, body: Pick<UpdateApiToken, 'description' | 'custom_claims'>): ApiTokenFields {
  return {
    description: body.description === undefined ? before.description : parseDescription(body.description),
    custom_claims: body.custom_claims === undefined ? before.custom_claims : parseClaims(body.custom_claims),
  };
}

function parseDescription(text: string | null): string | null {
  if (text === null || text === '') return null;
  checkText(text, 'description', 'data');
  return text;
}

function parseClaims(claims: Record<string, string>): Record<string, string> {
  const entries = Object.entries(claims);
  if (entries.length > apiTokenLimits.claims) {
    throw invalid('custom_claims', `may have at most ${apiTokenLimits.claims} keys; this has ${entries.length}`, 'max_keys');
  }
  for (const [key, value] of entries) {
    const field = `custom_claims.${excerpt(key)}`;
    checkLength(key, 'custom_claims', 'a key ', apiTokenLimits.keyPoints);
    checkText(key, field, 'identifier');
    refuseForbiddenKey(key, field);
    checkLength(value, field, '', apiTokenLimits.valuePoints);
    checkText(value, field, 'data');
  }
  return claims;
}

function checkLength(text: string, field: string, what: string, limit: number): void {
  const points = text.length > 2 * limit ? text.length : pointsIn(text);
  if (points === 0 || points > limit) throw invalid(field, `${what}must have 1 to ${limit} characters; this has ${points}`, 'length');
}

function checkText(text: string, field: string, rule: TextRule): void {
  const problem = textProblem(text, rule);
  if (problem !== undefined) throw invalid(field, problem.description, problem.constraint);
}

function parseExpiry(text: string, now: number): Date {
  const time = parseTime(text);
  if (time === undefined) throw invalid('expiry', 'must be a time such as 2030-01-01T00:00:00Z', 'date_time');
  if (time.getTime() <= now) throw invalid('expiry', 'must be in the future', 'future');
  return time;
}

/** Use is noted once in this time; a write at each validation would cost more than the validation. Milliseconds. */
const touchInterval = 60_000;

/** Whether a use of the token at `now` (milliseconds since 1970) is worth a write. */
export function isUseNews({ last_used_at: lastUsed }: ApiToken, now: number): boolean {
  return lastUsed === null || Date.parse(lastUsed) <= now - touchInterval;
}

/**
 * The token as its events carry it: with `id` and `create_time` as every record there, without its use, and without what
 * is the organization's or the user's and changes with them.
 */
export function tokenRecord({
  token_id: id,
  organization_id,
  user_id,
  description,
  custom_claims,
  token_suffix,
  expiry,
  version,
  created_at: create_time,
}: ApiToken) {
  return { id, organization_id, user_id, description, custom_claims, token_suffix, expiry, version, create_time };
}

/** The 404 of a token: the same whether it never was, has ended or is of another environment, and without what was sent. */
export function apiTokenNotFound(): ApiError {
  return new ApiError('API_TOKEN_NOT_FOUND', 'token: there is no such API token, or it expired or was invalidated', {
    resource: { kind: 'api_token' },
  });
}

/** The 400 of a token for a member whose membership is not active. IDs are public ones. */
export function membershipNotActive(organizationId: string, userId: string): ApiError {
  return new ApiError('MEMBERSHIP_NOT_ACTIVE', `user_id: ${userId} is not an active member of ${organizationId}`, {
    violations: [{ field: 'user_id', description: 'must be an active member of the organization', constraint: 'active_member' }],
    resource: { kind: 'membership' },
  });
}
