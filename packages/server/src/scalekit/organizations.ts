import { CreateOrganization, type Organization, UpdateOrganization } from '@crosswalk/contract';
import { RegionCode } from '@scalekit-sdk/node/lib/pkg/grpc/scalekit/v1/commons/commons_pb.js';
import { OrganizationService as Rpc } from '@scalekit-sdk/node/lib/pkg/grpc/scalekit/v1/organizations/organizations_pb.js';
import { externalKey, type RecordReference } from '../external-ids/index.ts';
import { invalid } from '../lib/api-error.ts';
import { requireId } from '../lib/id.ts';
import { checkTexts, metadataAsText, replaceByText } from '../metadata/index.ts';
import { masked, type OrganizationService } from '../organizations/index.ts';
import { emptyClears, required, searchText, timestamp } from './fields.ts';
import { change, changeRecord, type Method, read, readRecord } from './grpc/method.ts';
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
        const { displayName, externalId, metadata, slug, logoUrl } = required(organization, 'organization');
        const body = checkUpdate({ display_name: displayName, external_id: emptyClears(externalId), slug, logo_url: logoUrl });
        const texts = replaceByText(metadata);
        if (updateMask === undefined) return organizations.update(context, organizationReference(identities), body, preconditions, texts);
        const { fields, metadata: cleared } = masked(body, updateMask.paths);
        const isSet = updateMask.paths.includes('metadata') && Object.keys(metadata).length > 0;
        return organizations.update(context, organizationReference(identities), fields, preconditions, isSet ? texts : cleared);
      },
      ({ record }) => answer(record),
    ),
    readRecord(
      Rpc.method.getOrganization,
      (context, { identities }) => organizations.get(context, organizationReference(identities)),
      answer,
    ),
    readRecord(
      Rpc.method.getOrganizationByExternalId,
      (context, { identities }) => organizations.get(context, organizationReference(identities)),
      answer,
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
