import type { CreateDomain, Domain, DomainType, DomainPage as NumberedPage, VerifyDomainAnswer } from '@crosswalk/contract';
import type { Either } from './case.ts';
import { type Address, addressOf, type RecordName, segment } from './identifiers.ts';
import { readOptions } from './options.ts';
import { List, type PageInfo, type PageOptions, pageNames } from './pages.ts';
import type { CallOptions, ChangeOptions, Connection } from './request.ts';

const organizations = '/api/v1/organizations';

/** One page of domains. */
export interface DomainPage extends PageInfo {
  domains: Domain[];
}

/** The domains of organizations. */
export class Domains {
  readonly #connection: Connection;

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  /** Gives a domain to the organization; a `ConflictError` names the organization that has it. */
  async create(organization: RecordName, domain: Either<CreateDomain>, options?: CallOptions): Promise<Domain> {
    return this.#one({ method: 'POST', ...addressIn(organization), body: domain, options });
  }

  /** The domain; a `NotFoundError` if the organization has none of this ID. */
  async get(organization: RecordName, id: string, options?: CallOptions): Promise<Domain> {
    return this.#one({ method: 'GET', ...addressIn(organization, id), options });
  }

  /** Newest first, all or those of one type. Pages are numbered: one that comes or goes meanwhile shifts those behind it. */
  list(organization: RecordName, wanted: PageOptions & { domainType?: DomainType } = {}, options?: CallOptions): List<DomainPage, Domain> {
    const { domainType, pageSize, pageToken } = readOptions(wanted, { domainType: true, ...pageNames });
    const { path, query } = addressIn(organization);
    return new List<DomainPage, Domain>(
      async (token) =>
        withTokens(
          await this.#connection.call(
            {
              method: 'GET',
              path,
              query: { ...query, domain_type: domainType, page_size: pageSize, page_number: token },
              options,
            },
            'domains',
          ),
        ),
      (page) => page.domains,
      pageToken,
    );
  }

  /** Looks for the TXT record `txt_record_key` with the text `txt_record_secret`; true when it is there or was once. */
  verify(organization: RecordName, id: string, options?: ChangeOptions): Promise<VerifyDomainAnswer> {
    const { path, query } = addressIn(organization, id);
    return this.#connection.call({ method: 'PATCH', path: `${path}:verify`, query, takes: 'change', options });
  }

  /** Takes the domain away from the organization. */
  async delete(organization: RecordName, id: string, options?: ChangeOptions): Promise<void> {
    await this.#connection.call({ method: 'DELETE', ...addressIn(organization, id), takes: 'change', options });
  }

  async #one(call: Parameters<Connection['call']>[0]): Promise<Domain> {
    const { domain } = await this.#connection.call<{ domain: Domain }>(call, 'domain');
    return domain;
  }
}

function addressIn(organization: RecordName, id?: string): Address {
  return addressOf(organizations, 'organization', organization, id === undefined ? 'domains' : `domains/${segment('id', id)}`);
}

/** A page as every list has it: the token of a page is its number. */
function withTokens({ page_number: number, page_size: size, ...page }: NumberedPage): DomainPage {
  return {
    ...page,
    next_page_token: (number + 1) * size < page.total_size ? String(number + 1) : '',
    prev_page_token: number > 0 ? String(number - 1) : '',
  };
}
