import type { OrganizationRow } from '@crosswalk/contract';
import { type DomainState, domainTaken, findDomainHolders, insertDomains, type NewDomain, newDomain } from '../domains/index.ts';
import { eventOf, type NewEvent } from '../events/index.ts';
import { invalid } from '../lib/api-error.ts';
import { parseDomainName } from '../lib/domain-name.ts';
import { formatId } from '../lib/id.ts';
import { type Batch, type PendingRow, waitsForOthers } from './batch.ts';

/** Who has the domains that rows name. IDs are database IDs. */
export interface KnownDomains {
  /** by name: the organization that owns it */
  owners: Map<string, string>;
  /** `organization ID/name` of those whose people are let in */
  allowed: Set<string>;
}

/** Looks up the domains that rows name; `existing` are the organizations (database IDs) that are there. */
export async function findDomains(
  { tx, context }: Batch,
  rows: readonly OrganizationRow[],
  existing: readonly string[],
): Promise<KnownDomains> {
  const names = rows.flatMap(({ domains = [] }) => domains.flatMap(({ domain }) => parseDomainName(domain) ?? []));
  const holders = await findDomainHolders(tx, context.environmentId, names, existing);
  const of = (type: NewDomain['type']) => holders.filter((holder) => holder.type === type);
  return {
    owners: new Map(of('ORGANIZATION_DOMAIN').map(({ name, organizationId }) => [name, organizationId])),
    allowed: new Set(of('ALLOWED_EMAIL_DOMAIN').map(({ name, organizationId }) => `${organizationId}/${name}`)),
  };
}

/** The domains of a row that its organization (undefined: a new one) does not have yet. Throws the error of the row if another owns one. */
export function domainsToAdd(
  batch: Batch,
  pending: PendingRow<OrganizationRow>,
  own: string | undefined,
  { owners, allowed }: KnownDomains,
): NewDomain[] {
  const added = new Map<string, NewDomain>();
  for (const [index, { domain, ...rest }] of (pending.row.domains ?? []).entries()) {
    const name = parseDomainName(domain);
    if (name === undefined) {
      throw invalid(
        `domains.${index}.domain`,
        'must be a domain name of at least two labels, such as acme.example',
        'domain',
        'INVALID_DOMAIN',
      );
    }
    const wanted = newDomain({ domain: name, ...rest });
    const owner = wanted.type === 'ORGANIZATION_DOMAIN' ? owners.get(name) : undefined;
    if (owner !== undefined && owner !== own && (batch.options.on_conflict === 'reject' || waitsForOthers(batch, pending))) {
      throw domainTaken(name, { organization_id: formatId('org', owner) });
    }
    if (owner === undefined && !allowed.has(`${own}/${name}`)) added.set(`${wanted.type} ${name}`, wanted);
  }
  return [...added.values()];
}

/** Gives domains to organizations. Returns the events and the database IDs of the domains, by organization. */
export async function addDomains(
  { tx, context, ids }: Batch,
  wanted: readonly { organizationId: string; domains: readonly NewDomain[]; owner: Parameters<typeof eventOf>[4] }[],
): Promise<Map<string, { event: NewEvent; id: string }[]>> {
  const states = wanted.flatMap(({ organizationId, domains }) =>
    domains.map((domain): DomainState => ({ ...domain, id: ids.next(), organizationId })),
  );
  const owners = new Map(wanted.map(({ organizationId, owner }) => [formatId('org', organizationId), { organizationId, owner }]));
  const made = new Map<string, { event: NewEvent; id: string }[]>();
  for (const domain of await insertDomains(tx, context.environmentId, states)) {
    const { organizationId = '', owner } = owners.get(domain.organization_id) ?? {};
    const event = eventOf('organization.domain_created', 'domain', undefined, domain, owner);
    made.set(organizationId, [...(made.get(organizationId) ?? []), { event, id: event.recordId }]);
  }
  return made;
}
