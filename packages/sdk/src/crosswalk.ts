import type { RekeyAnswer, RekeyRequest, ResolveAnswer, ResolveRequest } from '@crosswalk/contract';
import { ApiTokens } from './api-tokens.ts';
import { Clients } from './clients.ts';
import { Domains } from './domains.ts';
import { Events } from './events.ts';
import { rekey, resolve } from './identifiers.ts';
import { Memberships } from './memberships.ts';
import { OrganizationClients } from './organization-clients.ts';
import { Organizations } from './organizations.ts';
import { Permissions } from './permissions.ts';
import { type CallOptions, Connection, type CrosswalkOptions } from './request.ts';
import { Roles } from './roles.ts';
import type { MetadataOf, MetadataTypes } from './types.ts';
import { Users } from './users.ts';
import { verify } from './webhooks.ts';

/**
 * A client of one Crosswalk environment. Make one and keep it: it holds the access token.
 *
 * Messages have the API's snake_case fields; arguments may have camelCase ones too. `Types` declares the shape of
 * metadata: `new Crosswalk<{ organization: { plan: string } }>(url, id, secret)`.
 */
export class Crosswalk<Types extends MetadataTypes = MetadataTypes> {
  readonly organization: Organizations<MetadataOf<Types, 'organization'>>;
  readonly user: Users<MetadataOf<Types, 'user'>, MetadataOf<Types, 'membership'>>;
  readonly membership: Memberships<MetadataOf<Types, 'user'>, MetadataOf<Types, 'membership'>>;
  readonly role: Roles;
  readonly permission: Permissions;
  readonly domain: Domains;
  readonly client: Clients;
  readonly organizationClient: OrganizationClients;
  readonly apiToken: ApiTokens;
  readonly events: Events;
  readonly webhooks = { verify };
  readonly #connection: Connection;

  constructor(environmentUrl: string, clientId: string, clientSecret: string, options?: CrosswalkOptions) {
    this.#connection = new Connection(environmentUrl, clientId, clientSecret, options);
    this.events = new Events(this.#connection);
    this.organization = new Organizations(this.#connection);
    this.user = new Users(this.#connection);
    this.membership = new Memberships(this.#connection);
    this.role = new Roles(this.#connection);
    this.permission = new Permissions(this.#connection);
    this.domain = new Domains(this.#connection);
    this.client = new Clients(this.#connection);
    this.organizationClient = new OrganizationClients(this.#connection);
    this.apiToken = new ApiTokens(this.#connection);
  }

  /** Finds the records of up to 1,000 IDs of any sort: own, external of any system, aliases, addresses. In the order asked. */
  resolve(ids: ResolveRequest['ids'], options?: CallOptions): Promise<ResolveAnswer['results']> {
    return resolve(this.#connection, ids, options);
  }

  /** Replaces up to 100,000 external IDs in one transaction; swaps and chains work. */
  rekey(request: RekeyRequest, options?: CallOptions): Promise<RekeyAnswer> {
    return rekey(this.#connection, request, options);
  }
}
