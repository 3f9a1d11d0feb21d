import { randomBytes } from 'node:crypto';
import { type CreateDomain, type Domain, type DomainType, domainsReach, pageSize } from '@crosswalk/contract';
import { ApiError, invalid } from '../lib/api-error.ts';
import { parseDomainName } from '../lib/domain-name.ts';
import { formatId } from '../lib/id.ts';

/** A domain that is about to be: checked, complete. */
export interface NewDomain {
  /** in its one normal form */
  name: string;
  type: DomainType;
  status: Domain['verification_status'];
  /** null where nothing is to be proved */
  txtSecret: string | null;
}

/** Checks a request to create; 400 INVALID_DOMAIN. A domain without a type is the organization's own. */
export function newDomain({ domain, domain_type: type = 'ORGANIZATION_DOMAIN' }: CreateDomain): NewDomain {
  const name = parseDomainName(domain);
  if (name === undefined) {
    throw invalid('domain', 'must be a domain name of at least two labels, such as acme.example', 'domain', 'INVALID_DOMAIN');
  }
  return type === 'ORGANIZATION_DOMAIN'
    ? { name, type, status: 'PENDING', txtSecret: randomBytes(24).toString('base64url') }
    : { name, type, status: 'AUTO_VERIFIED', txtSecret: null };
}

/** The name of the TXT record in which the owner of a domain shows the secret. */
export function txtRecordKey(domain: string): string {
  return `_crosswalk-challenge.${domain}`;
}

/** Whether there is nothing left to prove. Once proved it stays so: owners take the record out of the DNS again. */
export function isVerified({ verification_status: status }: Pick<Domain, 'verification_status'>): boolean {
  return status === 'VERIFIED' || status === 'AUTO_VERIFIED';
}

/** A page by its number, from 0, as Scalekit counts them. */
export interface NumberedPage {
  size: number;
  number: number;
}

/**
 * Checks which page is asked for; 400 names the field. The database walks over all that comes before a page, so
 * none may begin beyond the `domainsReach`th domain.
 */
export function numberedPage({
  size = pageSize.default,
  number = 0,
}: {
  size?: number | undefined;
  number?: number | undefined;
}): NumberedPage {
  if (size < 1 || size > pageSize.max) throw invalid('page_size', `must be a whole number from 1 to ${pageSize.max}`, 'range');
  const last = Math.floor(domainsReach / size);
  if (number < 0 || number > last) throw invalid('page_number', `must be a whole number from 0 to ${last} with pages of ${size}`, 'range');
  return { size, number };
}

/** The 404 of a domain: the same for one of another organization as for none. IDs are database IDs. */
export function domainNotFound(organizationId: string, id: string): ApiError {
  const publicId = formatId('dom', id);
  return new ApiError('DOMAIN_NOT_FOUND', `${formatId('org', organizationId)} has no domain ${publicId}`, {
    resource: { kind: 'domain', id: publicId },
  });
}

/** The 409 of a domain that is taken. `holder` is undefined when it was given up meanwhile. */
export function domainTaken(name: string, holder: (Pick<Domain, 'organization_id'> & { id?: string }) | undefined): ApiError {
  const which = holder?.id === undefined ? '' : ` (${holder.id})`;
  const description = holder === undefined ? 'an organization has this domain' : `${holder.organization_id} has this domain${which}`;
  return new ApiError('DOMAIN_TAKEN', `domain: ${description}`, {
    violations: [{ field: 'domain', description, constraint: 'unique' }],
    resource: { kind: 'organization', value: name, ...(holder === undefined ? {} : { id: holder.organization_id }) },
  });
}
