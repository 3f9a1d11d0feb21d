import { CreateOrganization, type Organization, UpdateOrganization } from '@crosswalk/contract';
import { RegionCode } from '@scalekit-sdk/node/lib/pkg/grpc/scalekit/v1/commons/commons_pb.js';
import { OrganizationService as Rpc } from '@scalekit-sdk/node/lib/pkg/grpc/scalekit/v1/organizations/organizations_pb.js';
import { externalKey, type RecordReference } from '../external-ids/index.ts';
import { excerpt, invalid } from '../lib/api-error.ts';
import { requireId } from '../lib/id.ts';
import { checkTexts, metadataAsText, metadataReplacement, replaceByText } from '../metadata/index.ts';
import type { OrganizationService } from '../organizations/index.ts';
import { emptyClears, required, searchText, timestamp } from './fields.ts';
import { change, changeRecord, type Method, read } from './grpc/method.ts';
import type { Pages } from './pages.ts';
import { parser } from './parse.ts';

const checkCreate = parser(CreateOrganization);
const checkUpdate = parser(UpdateOrganization);

/** scalekit.v1.organizations.OrganizationService */
export function organizationMethods(organizations: OrganizationService, pages: Pages): Method[] {
  const answer = (organization: Organization) => ({ organization: organizationMessage(organization) });
  return [
    change(
      Rpc.method.createOrganization,
      (context, { organization }) => {
        const { displayName, regionCode, externalId, metadata, slug, logoUrl } = required(organization, 'organization');
        const body = checkCreate({
          display_name: displayName,
          external_id: externalId,
          region_code: regionName(regionCode),
          slug,
          logo_url: logoUrl,
          metadata: checkTexts(metadata),
        });
        return organizations.create(context, body);
      },
      answer,
    ),
    changeRecord(
      Rpc.method.updateOrganization,
      (context, { identities, organization, updateMask }, preconditions) => {
        const fields = masked(required(organization, 'organization'), updateMask?.paths);
        const { displayName, externalId, metadata, slug, logoUrl } = fields;
        const body = checkUpdate({ display_name: displayName, external_id: emptyClears(externalId), slug, logo_url: logoUrl });
        const change = metadata === undefined ? metadataReplacement({}) : replaceByText(metadata);
        return organizations.update(context, organizationReference(identities), body, preconditions, change);
      },
      ({ record }) => answer(record),
    ),
    read(Rpc.method.getOrganization, async (context, { identities }) =>
      answer((await organizations.get(context, organizationReference(identities))).record),
    ),
    read(Rpc.method.getOrganizationByExternalId, async (context, { identities }) =>
      answer((await organizations.get(context, organizationReference(identities))).record),
    ),
    read(Rpc.method.listOrganization, async (context, request) => {
      const { externalId } = request;
      const page = await organizations.list(context, { externalId }, pages.request(context, 'organizations', request, externalId));
      return { organizations: page.items.map(organizationMessage), ...pages.answer(context, 'organizations', page, externalId) };
    }),
    read(Rpc.method.searchOrganization, async (context, request) => {
      const search = searchText(request.query);
      const page = await organizations.list(context, { search }, pages.request(context, 'organizations:search', request, search));
      return { organizations: page.items.map(organizationMessage), ...pages.answer(context, 'organizations:search', page, search) };
    }),
    changeRecord(
      Rpc.method.deleteOrganization,
      (context, { identities }, preconditions) => organizations.delete(context, organizationReference(identities), preconditions),
      () => ({}),
    ),
  ];
}

/** An organization as Scalekit's clients read it: metadata as texts, no fields of ours. */
export function organizationMessage(organization: Organization) {
  return {
    id: organization.id,
    createTime: timestamp(organization.create_time),
    updateTime: timestamp(organization.update_time),
    displayName: organization.display_name,
    regionCode: organization.region_code === 'EU' ? RegionCode.EU : RegionCode.US,
    externalId: organization.external_id ?? undefined,
    metadata: metadataAsText(organization.metadata),
    slug: organization.slug ?? undefined,
    logoUrl: organization.logo_url ?? undefined,
    settings: { features: organization.settings.features },
  };
}

/** The fields of an organization that a mask may name. */
const maskable = ['display_name', 'external_id', 'metadata', 'slug', 'logo_url'];

/** What an update of an organization can have; metadata is undefined when all of it is to go. */
interface OrganizationUpdate {
  displayName?: string | undefined;
  externalId?: string | undefined;
  slug?: string | undefined;
  logoUrl?: string | undefined;
  metadata: Record<string, string> | undefined;
}

/**
 * The fields of an update under its mask (AIP-134): without one, those that were sent; with one, those it names, whether they were
 * sent (then they are set) or not (then they are cleared). 400 when it names none, or one that there is not.
 */
function masked(organization: OrganizationUpdate, paths: readonly string[] | undefined): OrganizationUpdate {
  if (paths === undefined) return organization;
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
  const metadata = Object.keys(organization.metadata ?? {}).length === 0 ? undefined : organization.metadata;
  return {
    displayName: named.has('display_name') ? (organization.displayName ?? '') : undefined,
    externalId: named.has('external_id') ? (organization.externalId ?? '') : undefined,
    slug: named.has('slug') ? (organization.slug ?? '') : undefined,
    logoUrl: named.has('logo_url') ? (organization.logoUrl ?? '') : undefined,
    metadata: named.has('metadata') ? metadata : {},
  };
}

function regionName(code: RegionCode): 'US' | 'EU' | undefined {
  if (code === RegionCode.REGION_CODE_UNSPECIFIED) return undefined;
  if (code === RegionCode.US) return 'US';
  if (code === RegionCode.EU) return 'EU';
  throw invalid('region_code', 'must be US or EU', 'enum');
}

/** The oneof by which messages name an organization. */
type Identities = { case: 'id' | 'externalId'; value: string } | { case: undefined; value?: undefined };

/** How a message names an organization; 400 names the field. */
function organizationReference(identities: Identities): RecordReference {
  if (identities.case === 'id') return { id: requireId('org', identities.value) };
  if (identities.case === 'externalId') return externalKey(identities.value, undefined);
  throw invalid('id', 'is required, or external_id', 'required');
}
