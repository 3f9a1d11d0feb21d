import {
  type CreateOrganizationClient,
  type CustomClaim,
  clientLifetime,
  type OrganizationClient,
  organizationClientLimits,
  type UpdateOrganizationClient,
} from '@crosswalk/contract';
import { ApiError, invalid } from '../lib/api-error.ts';
import { formatId } from '../lib/id.ts';
import { type TextRule, textProblem } from '../lib/text.ts';
import { refuseForbiddenKey } from '../metadata/index.ts';
import { tokenLifetime } from './client.ts';

/** The fields of an organization client that are set as a whole. */
export type OrganizationClientFields = Pick<
  OrganizationClient,
  'name' | 'description' | 'scopes' | 'audience' | 'custom_claims' | 'expiry'
>;

/** The state of a client that does not exist yet. */
const blank: OrganizationClientFields = {
  name: null,
  description: null,
  scopes: [],
  audience: [],
  custom_claims: [],
  expiry: tokenLifetime,
};

/** Checks a request to create; 400 names the field. */
export function newOrganizationClient(body: CreateOrganizationClient): OrganizationClientFields {
  return patchFields(blank, body);
}

/** The fields after a request: those it does not name stay, a list is replaced as a whole, an empty text clears. 400 names the field. */
export function patchFields(before: OrganizationClientFields, body: UpdateOrganizationClient): OrganizationClientFields {
  const after: OrganizationClientFields = {
    name: body.name === undefined ? before.name : parseText(body.name, 'name', 'name'),
    description: body.description === undefined ? before.description : parseText(body.description, 'description', 'data'),
    scopes: body.scopes ?? before.scopes,
    audience: body.audience?.map((value, index) => checkText(value, `audience.${index}`, 'identifier')) ?? before.audience,
    custom_claims: body.custom_claims === undefined ? before.custom_claims : parseClaims(body.custom_claims),
    expiry: body.expiry === undefined ? before.expiry : parseLifetime(body.expiry),
  };
  const { scopes, audience, custom_claims } = after;
  const bytes = Buffer.byteLength(JSON.stringify([scopes, audience, custom_claims]));
  const limit = organizationClientLimits.claimBytes;
  if (bytes > limit) {
    const description =
      `may take at most ${limit} bytes together with scopes and audience, as a token must fit into a header; ` +
      `they would take ${bytes} (${bytes - limit} too many)`;
    throw invalid('custom_claims', description, 'max_bytes');
  }
  return after;
}

/** Seconds, as a number or as text, as JSON of protobuf writes an int64. */
function parseLifetime(expiry: number | string): number {
  const seconds = Number(expiry);
  const { min, max } = clientLifetime;
  if (seconds < min || seconds > max) throw invalid('expiry', `must be ${min} to ${max}`, 'range');
  return seconds;
}

function parseClaims(claims: CustomClaim[]): CustomClaim[] {
  const keys = claims.map(({ key }) => key);
  return claims.map(({ key, value }, index) => {
    const field = `custom_claims.${index}`;
    refuseForbiddenKey(key, `${field}.key`);
    if (keys.indexOf(key) !== index) throw invalid(`${field}.key`, 'is given twice', 'unique_items');
    return { key: checkText(key, `${field}.key`, 'identifier'), value: checkText(value, `${field}.value`, 'data') };
  });
}

function parseText(text: string | null, field: string, rule: TextRule): string | null {
  return text === null || text === '' ? null : checkText(text, field, rule);
}

function checkText(text: string, field: string, rule: TextRule): string {
  const problem = textProblem(text, rule);
  if (problem !== undefined) throw invalid(field, problem.description, problem.constraint);
  return text;
}

/**
 * What the tokens of a client say beside its ID and scopes: its organization (`oid`, as upstream) and its custom claims.
 * Existing clients read `wksp_id` among these: the workspace is the environment here, unless a claim of the client's own
 * says otherwise. IDs are database IDs.
 */
export function claimsOf(environmentId: string, { id, custom_claims }: { id: string; custom_claims: CustomClaim[] }) {
  const own = custom_claims.map(({ key, value }): [string, string] => [key, value]);
  return { oid: formatId('org', id), custom_claims: Object.fromEntries([['wksp_id', formatId('env', environmentId)], ...own]) };
}

/** The client as its events carry it: under `id` as every record there, and without its use, which is no change. */
export function clientRecord({ client_id: id, last_used_time: _, secrets, ...fields }: OrganizationClient) {
  return { id, ...fields, secrets: secrets.map(({ last_used_time: _used, ...secret }) => secret) };
}

/** The 404 of a client: of another organization as of none. IDs are database IDs. */
export function organizationClientNotFound(organizationId: string, id: string): ApiError {
  const client = formatId('m2morg', id);
  return new ApiError('CLIENT_NOT_FOUND', `${formatId('org', organizationId)} has no client ${client}`, {
    resource: { id: client, kind: 'client' },
  });
}
