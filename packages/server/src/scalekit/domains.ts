import { CreateDomain, type Domain, type DomainType } from '@crosswalk/contract';
import {
  DomainType as DomainTypeCode,
  DomainService as Rpc,
  VerificationMethod,
  VerificationStatus,
} from '@scalekit-sdk/node/lib/pkg/grpc/scalekit/v1/domains/domains_pb.js';
import type { DomainReference, DomainService } from '../domains/index.ts';
import { externalKey, type RecordReference } from '../external-ids/index.ts';
import { invalid } from '../lib/api-error.ts';
import { requireId } from '../lib/id.ts';
import { required, timestamp } from './fields.ts';
import { change, changeRecord, type Method, read } from './grpc/method.ts';
import { parser } from './parse.ts';

const checkCreate = parser(CreateDomain);

/** scalekit.v1.domains.DomainService */
export function domainMethods(domains: DomainService): Method[] {
  const answer = (domain: Domain) => ({ domain: domainMessage(domain) });
  return [
    change(
      Rpc.method.createDomain,
      (context, request) => {
        const { domain, domainType } = required(request.domain, 'domain');
        const body = checkCreate({ domain, domain_type: typeName(domainType) });
        return domains.create(context, organizationReference(request), body);
      },
      answer,
    ),
    // A message of this update has no field to change yet: what it names must be there, and stays as it is.
    read(Rpc.method.updateDomain, async (context, request) => answer(await domains.get(context, domainReference(request)))),
    changeRecord(
      Rpc.method.verifyDomain,
      (context, request, preconditions) => domains.verify(context, domainReference(request), preconditions),
      ({ verified }) => ({ verified }),
    ),
    read(Rpc.method.getDomain, async (context, request) => answer(await domains.get(context, domainReference(request)))),
    read(Rpc.method.listDomains, async (context, request) => {
      const { pageSize, pageNumber } = request;
      const type = typeName(request.domainType);
      const page = await domains.list(context, organizationReference(request), { type, pageSize, pageNumber });
      return { pageSize: page.page_size, pageNumber: page.page_number, domains: page.domains.map(domainMessage) };
    }),
    changeRecord(
      Rpc.method.deleteDomain,
      (context, request, preconditions) => domains.delete(context, domainReference(request), preconditions),
      () => ({}),
    ),
  ];
}

/** A domain as Scalekit's clients read it. */
function domainMessage(domain: Domain) {
  return {
    id: domain.id,
    domain: domain.domain,
    environmentId: domain.environment_id,
    organizationId: domain.organization_id,
    txtRecordKey: domain.txt_record_key ?? '',
    txtRecordSecret: domain.txt_record_secret ?? '',
    verificationStatus: VerificationStatus[domain.verification_status],
    verificationMethod: VerificationMethod[domain.verification_method],
    domainType: DomainTypeCode[domain.domain_type],
    createTime: timestamp(domain.create_time),
    updateTime: timestamp(domain.update_time),
  };
}

/** What every message about domains says of where they are. */
interface Place {
  identities: { case: 'organizationId' | 'externalId'; value: string } | { case: undefined; value?: undefined };
  connectionId?: string | undefined;
}

/** The organization that a message names; 400 names the field. */
function organizationReference({ identities, connectionId = '' }: Place): RecordReference {
  if (connectionId !== '') throw invalid('connection_id', 'must be left out: domains belong to no connection here', 'not_offered');
  if (identities.case === 'organizationId') return { id: requireId('org', identities.value, 'organization_id') };
  if (identities.case === 'externalId') return externalKey(identities.value, undefined);
  throw invalid('organization_id', 'is required, or external_id', 'required');
}

function domainReference(request: Place & { id: string }): DomainReference {
  return { organization: organizationReference(request), id: requireId('dom', request.id) };
}

/** The name of a type of domain; undefined when none was sent. */
function typeName(code: DomainTypeCode): DomainType | undefined {
  if (code === DomainTypeCode.DOMAIN_TYPE_UNSPECIFIED) return undefined;
  if (code === DomainTypeCode.ORGANIZATION_DOMAIN) return 'ORGANIZATION_DOMAIN';
  if (code === DomainTypeCode.ALLOWED_EMAIL_DOMAIN) return 'ALLOWED_EMAIL_DOMAIN';
  throw invalid('domain_type', 'must be ORGANIZATION_DOMAIN or ALLOWED_EMAIL_DOMAIN', 'enum');
}
