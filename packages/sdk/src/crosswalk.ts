import type {
  Overview,
  ReconcileAnswer,
  ReconcileRequest,
  RekeyAnswer,
  RekeyRequest,
  ResolveAnswer,
  ResolveRequest,
  SearchAnswer,
} from '@crosswalk/contract';
import { ApiTokens } from './api-tokens.ts';
import { Clients } from './clients.ts';
import { ClientCredentials } from './credentials.ts';
import { Domains } from './domains.ts';
import { Environments } from './environments.ts';
import { Events } from './events.ts';
import { Export, type ExportOptions } from './export.ts';
import { rekey, resolve } from './identifiers.ts';
import { Imports } from './imports.ts';
import { Invitations } from './invitations.ts';
import { Mailbox } from './mailbox.ts';
import { Memberships } from './memberships.ts';
import { MetadataIndexes } from './metadata-indexes.ts';
import { Operators } from './operators.ts';
import { readOptions } from './options.ts';
import { OrganizationClients } from './organization-clients.ts';
import { Organizations } from './organizations.ts';
import { Permissions } from './permissions.ts';
import { type MendingRow, reconcile, reconcileRows } from './reconcile.ts';
import { type CallOptions, Connection, type CrosswalkOptions } from './request.ts';
import { Roles } from './roles.ts';
import { SigningKeys } from './signing-keys.ts';
import { Systems } from './systems.ts';
import type { MetadataOf, MetadataTypes } from './types.ts';
import { Users } from './users.ts';
import { WebhookEndpoints } from './webhook-endpoints.ts';
import { sign, verify } from './webhooks.ts';

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
  readonly imports: Imports;
  readonly invitation: Invitations;
  readonly mailbox: Mailbox;
  readonly role: Roles;
  readonly permission: Permissions;
  readonly system: Systems;
  readonly metadataIndex: MetadataIndexes;
  readonly domain: Domains;
  readonly client: Clients;
  readonly signingKey: SigningKeys;
  readonly operator: Operators;
  readonly environment: Environments;
  readonly organizationClient: OrganizationClients;
  readonly apiToken: ApiTokens;
  readonly events: Events;
  readonly webhookEndpoint: WebhookEndpoints;
  readonly webhooks = { sign, verify };
  readonly #connection: Connection;

  /** With the session of an operator instead of a client's secret: see `DashboardSession.client`. */
  constructor(connection: Connection);
  constructor(environmentUrl: string, clientId: string, clientSecret: string, options?: CrosswalkOptions);
  constructor(to: string | Connection, clientId = '', clientSecret = '', options: CrosswalkOptions = {}) {
    this.#connection = to instanceof Connection ? to : new Connection(to, new ClientCredentials(clientId, clientSecret), options);
    this.events = new Events(this.#connection);
    this.webhookEndpoint = new WebhookEndpoints(this.#connection);
    this.organization = new Organizations(this.#connection);
    this.user = new Users(this.#connection);
    this.membership = new Memberships(this.#connection);
    this.imports = new Imports(this.#connection);
    this.invitation = new Invitations(this.#connection);
    this.mailbox = new Mailbox(this.#connection);
    this.role = new Roles(this.#connection);
    this.permission = new Permissions(this.#connection);
    this.system = new Systems(this.#connection);
    this.metadataIndex = new MetadataIndexes(this.#connection);
    this.domain = new Domains(this.#connection);
    this.client = new Clients(this.#connection);
    this.signingKey = new SigningKeys(this.#connection);
    this.operator = new Operators(this.#connection);
    this.environment = new Environments(this.#connection);
    this.organizationClient = new OrganizationClients(this.#connection);
    this.apiToken = new ApiTokens(this.#connection);
  }

  /**
   * What another client with `reads: 'replica'` must be told (by `seen`) to read all that this one changed. Undefined before the first change,
   * and where the server has no replica.
   */
  get consistencyToken(): string | undefined {
    return this.#connection.consistencyToken;
  }

  /** What the client with this token changed is from now on there in what this one reads. */
  seen(consistencyToken: string): void {
    this.#connection.seen(consistencyToken);
  }

  /** Finds the records of up to 1,000 IDs of any sort: own, external of any system, aliases, addresses. In the order asked. */
  resolve(ids: ResolveRequest['ids'], options?: CallOptions): Promise<ResolveAnswer['results']> {
    return resolve(this.#connection, ids, options);
  }

  /**
   * Finds organizations and users by whatever there is of them: an ID of any sort, an address, a name or a part of one, a metadata value. The
   * best `limit` (10, at most 50) come, each record once.
   */
  async search(text: string, wanted: { limit?: number } = {}, options?: CallOptions): Promise<SearchAnswer> {
    const { limit } = readOptions(wanted, { limit: true });
    return this.#connection.call({ method: 'GET', path: '/api/v1/search', query: { q: text, limit }, options });
  }

  /** The figures of the directory: what there is, how it grew in the last `days` (30), what happened, and what needs a person. */
  async overview(wanted: { days?: number } = {}, options?: CallOptions): Promise<Overview> {
    const { days } = readOptions(wanted, { days: true });
    return this.#connection.call({ method: 'GET', path: '/api/v1/overview', query: { days }, options });
  }

  /** Replaces up to 100,000 external IDs in one transaction; swaps and chains work. */
  rekey(request: RekeyRequest, options?: CallOptions): Promise<RekeyAnswer> {
    return rekey(this.#connection, request, options);
  }

  /** The directory, kinds of its records, or what a list shows, as rows that can be imported: of one moment, to be read by `for await` or written to a file. */
  export(wanted: ExportOptions = {}, options?: CallOptions): Export {
    return new Export(this.#connection, wanted, options);
  }

  /** Compares another system's list, up to 100,000 entries, with the records here, and tells what differs. Changes nothing. */
  reconcile(request: ReconcileRequest, options?: CallOptions): Promise<ReconcileAnswer> {
    return reconcile(this.#connection, request, options);
  }

  /** The rows whose import mends what `reconcile` finds, as far as that is certain: all of the kind that is compared. */
  reconcileRows<Kind extends ReconcileRequest['kind']>(
    request: ReconcileRequest & { kind: Kind },
    options?: CallOptions,
  ): AsyncGenerator<MendingRow<Kind>, void, undefined> {
    return reconcileRows(this.#connection, request, options);
  }
}
