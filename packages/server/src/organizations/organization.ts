import type { CreateOrganization, Metadata, Organization, UpdateOrganization } from '@crosswalk/contract';
import { type AnswerForm, externalIdColumns, patchSystemIds, systemIdsOf } from '../external-ids/index.ts';
import { ApiError, excerpt, invalid } from '../lib/api-error.ts';
import { requireText, textProblem } from '../lib/text.ts';
import { recordTag } from '../lib/version-tag.ts';
import { type MetadataUpdate, metadataPatch, metadataReplacement, newMetadata } from '../metadata/index.ts';

/** The fields of an organization that are set as a whole. */
export type OrganizationFields = Pick<Organization, 'display_name' | 'external_id' | 'external_ids' | 'region_code' | 'slug' | 'logo_url'>;

/** An organization that is about to be: checked, complete. */
export interface NewOrganization {
  fields: OrganizationFields;
  metadata: Metadata;
}

/** The state of an organization that does not exist yet. */
const blank: OrganizationFields = { display_name: '', external_id: null, external_ids: {}, region_code: null, slug: null, logo_url: null };

/** Checks a request to create; 400 names the field. */
export function newOrganization(body: CreateOrganization): NewOrganization {
  return { fields: patchFields(blank, body), metadata: newMetadata(body.metadata) };
}

/** The fields after a request: those it does not name stay, null clears, an empty slug or logo clears too. */
export function patchFields(before: OrganizationFields, body: UpdateOrganization): OrganizationFields {
  return {
    display_name: body.display_name === undefined ? before.display_name : parseName(body.display_name),
    ...externalIdColumns(patchSystemIds(systemIdsOf(before), body)),
    region_code: body.region_code === undefined ? before.region_code : body.region_code,
    slug: body.slug === undefined ? before.slug : body.slug || null,
    logo_url: body.logo_url === undefined ? before.logo_url : parseLogo(body.logo_url),
  };
}

/** The fields of an organization that a mask may name. */
const maskable = ['display_name', 'external_id', 'metadata', 'slug', 'logo_url'];

/**
 * An update under its mask (AIP-134): of the fields that the mask names, those that were sent are set and the others are cleared, which a name cannot be;
 * what it does not name stays. 400 when it names none, or one that there is not.
 */
export function masked(body: UpdateOrganization, paths: readonly string[]): { fields: UpdateOrganization; metadata: MetadataUpdate } {
  const unknown = paths.find((path) => !maskable.includes(path));
  if (unknown !== undefined || paths.length === 0) {
    const known = maskable.join(', ');
    throw invalid(
      'update_mask',
      unknown === undefined ? `must name at least one of ${known}` : `${excerpt(unknown)} is none of ${known}`,
      'field_mask',
    );
  }
  const named = new Set(paths);
  const fields = {
    ...(named.has('display_name') ? { display_name: body.display_name ?? '' } : {}),
    ...(named.has('external_id') ? { external_id: body.external_id ?? null } : {}),
    ...(named.has('slug') ? { slug: body.slug ?? null } : {}),
    ...(named.has('logo_url') ? { logo_url: body.logo_url ?? null } : {}),
  };
  return { fields, metadata: named.has('metadata') ? metadataReplacement(body.metadata ?? {}) : metadataPatch(undefined) };
}

function parseName(name: string): string {
  requireText(name, 'name', 'display_name');
  if (name.trim() === '') throw invalid('display_name', 'must not be blank', 'min_length');
  return name;
}

function parseLogo(url: string | null): string | null {
  if (url === null || url === '') return null;
  const problem = textProblem(url, 'name');
  if (problem !== undefined || !URL.canParse(url)) throw invalid('logo_url', 'must be an address that begins with https://', 'uri');
  return url;
}

/** The 409 of a slug: `holder` is the public ID of the organization that has it; undefined: none has it any more. */
export function slugTaken(slug: string, holder: string | undefined): ApiError {
  return new ApiError('SLUG_TAKEN', `slug: another organization${holder === undefined ? '' : ` (${holder})`} has this slug`, {
    violations: [{ field: 'slug', description: 'another organization has this slug', constraint: 'unique' }],
    resource: { kind: 'organization', value: slug, ...(holder === undefined ? {} : { id: holder }) },
  });
}

/** How the answer to a look-up is made, and read again. */
export const answerForm: AnswerForm<Organization> = {
  kind: 'organization',
  make: ({ record, matchedBy }) => ({ body: { organization: record, matched_by: matchedBy }, tag: recordTag(record) }),
  read(body) {
    const { organization }: { organization: Organization } = JSON.parse(body);
    return organization;
  },
};
