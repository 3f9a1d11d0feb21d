import type { CreateDomain, Domain, DomainPage, DomainType, Organization, VerifyDomainAnswer } from '@crosswalk/contract';
import type pg from 'pg';
import type { Queryable } from '../database/connection.ts';
import { foreignKeyViolation } from '../database/sql-error.ts';
import type { RequestContext } from '../environments/index.ts';
import { appendEvents, eventOf } from '../events/index.ts';
import { notFound, type RecordReference, requireOrganization, resolveReference } from '../external-ids/index.ts';
import { inChange, requireUnanswered } from '../idempotency/index.ts';
import { databaseId, type IdGenerator } from '../lib/id.ts';
import { type Preconditions, requireVersion } from '../lib/preconditions.ts';
import { domainNotFound, domainTaken, isVerified, newDomain, numberedPage } from './domain.ts';
import {
  deleteDomain,
  deleteSomeDomains,
  findDomain,
  findDomainHolder,
  insertDomain,
  listDomains,
  lockDomain,
  setVerificationStatus,
} from './domain-store.ts';
import type { LookUpTxt } from './txt-records.ts';

/** Reads organizations by database ID; given by the organizations feature. */
export type FindOrganizations = (
  db: Queryable,
  keys: readonly { environmentId: string; id: string }[],
) => Promise<(Organization | undefined)[]>;

/** Which domain: its organization as the caller likes, the domain by database ID. */
export interface DomainReference {
  organization: RecordReference;
  id: string;
}

/** The use cases of the domains of organizations. Each change and its event are one transaction. */
export class DomainService {
  readonly #pool: pg.Pool;
  readonly #ids: IdGenerator;
  readonly #findOrganizations: FindOrganizations;
  readonly #lookUpTxt: LookUpTxt;

  constructor({
    pool,
    ids,
    findOrganizations,
    lookUpTxt,
  }: {
    pool: pg.Pool;
    ids: IdGenerator;
    findOrganizations: FindOrganizations;
    lookUpTxt: LookUpTxt;
  }) {
    this.#pool = pool;
    this.#ids = ids;
    this.#findOrganizations = findOrganizations;
    this.#lookUpTxt = lookUpTxt;
  }

  /** The domain; 404 if the organization has none of this ID. */
  async get({ environmentId }: RequestContext, { organization, id }: DomainReference): Promise<Domain> {
    const organizationId = await resolveReference(this.#pool, environmentId, 'organization', organization);
    const domain = await findDomain(this.#pool, environmentId, organizationId, id);
    if (domain === undefined) throw domainNotFound(organizationId, id);
    return domain;
  }

  /** One page of the domains of an organization, newest first, all or those of one type; 404 if there is no such organization. */
  async list(
    { environmentId }: RequestContext,
    reference: RecordReference,
    query: { type?: DomainType | undefined; pageSize?: number | undefined; pageNumber?: number | undefined },
  ): Promise<DomainPage> {
    const page = numberedPage({ size: query.pageSize, number: query.pageNumber });
    const organizationId = await resolveReference(this.#pool, environmentId, 'organization', reference);
    await requireOrganization(this.#pool, environmentId, organizationId);
    const { domains, total, totalIsFloor } = await listDomains(this.#pool, environmentId, organizationId, query.type, page);
    return { page_size: page.size, page_number: page.number, domains, total_size: total, total_size_is_floor: totalIsFloor };
  }

  /** Gives a domain to an organization; 409 names the organization that has it. */
  async create(context: RequestContext, reference: RecordReference, body: CreateDomain): Promise<Domain> {
    const { environmentId } = context;
    const wanted = newDomain(body);
    try {
      return await inChange(this.#pool, context, async (tx) => {
        const organizationId = await resolveReference(tx, environmentId, 'organization', reference);
        const domain = await insertDomain(tx, environmentId, this.#ids.next(), organizationId, wanted);
        const owner = await this.#organization(tx, environmentId, organizationId);
        if (domain === undefined) throw domainTaken(wanted.name, await findDomainHolder(tx, environmentId, organizationId, wanted));
        await appendEvents(tx, context, this.#ids, [eventOf('organization.domain_created', 'domain', undefined, domain, owner)]);
        return domain;
      });
    } catch (error) {
      throw foreignKeyViolation(error) === 'domains_organization_fkey' ? notFound('organization', reference) : error;
    }
  }

  /** Takes a domain away from its organization. It is free for any other at once. */
  async delete(context: RequestContext, reference: DomainReference, preconditions: Preconditions): Promise<void> {
    await this.#change(context, reference, async (tx, domain, owner) => {
      requireVersion(preconditions, domain);
      await deleteDomain(tx, context.environmentId, databaseId(domain.id));
      await appendEvents(tx, context, this.#ids, [eventOf('organization.domain_deleted', 'domain', domain, undefined, owner)]);
    });
  }

  /**
   * Looks for the TXT record that proves who owns the domain, and notes what it found. What is verified stays so and
   * is not looked up again. 503 DNS_UNAVAILABLE when nobody knows: nothing changes then.
   */
  async verify(context: RequestContext, reference: DomainReference, preconditions: Preconditions): Promise<VerifyDomainAnswer> {
    // The domain may be gone since this request was answered.
    await requireUnanswered(this.#pool, context);
    // Before the transaction: it must not wait for the DNS.
    const proved = await this.#isProved(await this.get(context, reference));
    return this.#change(context, reference, async (tx, before, owner) => {
      requireVersion(preconditions, before);
      if (isVerified(before)) return { verified: true, domain: before };
      const status = proved ? 'VERIFIED' : 'FAILED';
      const after = await setVerificationStatus(tx, context.environmentId, databaseId(before.id), status);
      if (after === undefined) return { verified: false, domain: before };
      const type = proved ? 'organization.domain_dns_verification_success' : 'organization.domain_dns_verification_failed';
      await appendEvents(tx, context, this.#ids, [eventOf(type, 'domain', before, after, owner)]);
      return { verified: proved, domain: after };
    });
  }

  async #isProved(domain: Domain): Promise<boolean> {
    const { txt_record_key: key, txt_record_secret: secret } = domain;
    if (isVerified(domain) || key === null || secret === null) return true;
    return (await this.#lookUpTxt(key)).includes(secret);
  }

  /** Runs `work` on a locked domain. The organization is there as long as the lock is held: its deletion would wait. */
  #change<Result>(
    context: RequestContext,
    { organization, id }: DomainReference,
    work: (tx: pg.PoolClient, domain: Domain, owner: Organization) => Promise<Result>,
  ): Promise<Result> {
    const { environmentId } = context;
    return inChange(this.#pool, context, async (tx) => {
      const organizationId = await resolveReference(tx, environmentId, 'organization', organization);
      const domain = await lockDomain(tx, environmentId, organizationId, id);
      if (domain === undefined) throw domainNotFound(organizationId, id);
      return work(tx, domain, await this.#organization(tx, environmentId, organizationId));
    });
  }

  async #organization(db: Queryable, environmentId: string, id: string): Promise<Organization> {
    const [organization] = await this.#findOrganizations(db, [{ environmentId, id }]);
    if (organization === undefined) throw notFound('organization', { id });
    return organization;
  }
}

/** Takes all domains of a locked organization away within a change, in batches, each with its event. */
export async function deleteDomainsOf(tx: pg.PoolClient, context: RequestContext, ids: IdGenerator, owner: Organization): Promise<void> {
  for (;;) {
    const ended = await deleteSomeDomains(tx, context.environmentId, databaseId(owner.id));
    if (ended.length === 0) return;
    const events = ended.map((domain) => eventOf('organization.domain_deleted', 'domain', domain, undefined, owner));
    await appendEvents(tx, context, ids, events);
  }
}
