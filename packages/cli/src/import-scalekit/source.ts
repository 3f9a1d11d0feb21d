import { createRequire } from 'node:module';
import {
  ScalekitBadRequestException,
  ScalekitForbiddenException,
  ScalekitGatewayTimeoutException,
  ScalekitNotFoundException,
  ScalekitNotImplementedException,
  ScalekitTooManyRequestsException,
} from '@scalekit-sdk/node/lib/errors/index.js';
import {
  type Organization,
  OrganizationService,
  type OrganizationSessionPolicySettings,
} from '@scalekit-sdk/node/lib/pkg/grpc/scalekit/v1/organizations/organizations_pb.js';
import { type Permission, type Role, RolesService } from '@scalekit-sdk/node/lib/pkg/grpc/scalekit/v1/roles/roles_pb.js';
import { type User, UserService } from '@scalekit-sdk/node/lib/pkg/grpc/scalekit/v1/users/users_pb.js';
import type { Credentials } from '../connect.ts';
import { SourceError, sourceError } from './source-error.ts';

// Both are the default of a CommonJS module, which `import` gives in one form in Node and in another elsewhere.
const require = createRequire(import.meta.url);
const { default: CoreClient }: typeof import('@scalekit-sdk/node/lib/core.js', { with: { 'resolution-mode': 'require' }}) =
  require('@scalekit-sdk/node/lib/core.js');
const { default: GrpcConnect }: typeof import('@scalekit-sdk/node/lib/connect.js', { with: { 'resolution-mode': 'require' }}) =
  require('@scalekit-sdk/node/lib/connect.js');

/** One page of a list at Scalekit. */
export interface SourcePage<Item> {
  items: Item[];
  /** token of the next page; empty at the end */
  next: string;
  /** how many there are in all, as far as Scalekit says */
  total: number;
}

/** Records in a page: the most that Scalekit gives. */
const pageSize = 100;
/** Pauses before a read that was one too many, or took too long, is made again. Scalekit's client does not try these again. Milliseconds. */
const pauses = [1000, 2000, 4000, 8000, 16_000];

/**
 * Reads a Scalekit environment. It uses the inside of Scalekit's client, which authenticates, tries again and carries the messages:
 * the methods around it cannot ask for the permissions of roles.
 */
export class ScalekitSource {
  readonly #credentials: Credentials;
  readonly #core;
  readonly #organizations;
  readonly #roles;
  readonly #users;
  readonly #closing = new AbortController();

  constructor(credentials: Credentials) {
    this.#credentials = credentials;
    this.#core = new CoreClient(credentials.url, credentials.clientId, credentials.clientSecret);
    const transport = new GrpcConnect(this.#core);
    this.#organizations = transport.createClient(OrganizationService);
    this.#roles = transport.createClient(RolesService);
    this.#users = transport.createClient(UserService);
  }

  /** Gets an access token: what is wrong with the URL or the credentials shows here, and at once. */
  async authenticate(): Promise<void> {
    const { clientId, clientSecret } = this.#credentials;
    const form = new URLSearchParams({ grant_type: 'client_credentials', client_id: clientId, client_secret: clientSecret });
    const token = await this.#telling(async () => (await this.#core.authenticate(form.toString())).data?.access_token);
    if (typeof token !== 'string' || token === '')
      throw new SourceError(`${this.#credentials.url} is no Scalekit environment: it gave no access token`);
    this.#core.accessToken = token;
  }

  async permissions(pageToken: string): Promise<SourcePage<Permission>> {
    // Optional in this message alone: a token that is there but empty is one.
    const page = await this.#read(this.#roles.listPermissions, { pageSize, ...(pageToken === '' ? {} : { pageToken }) });
    return { items: page.permissions, next: page.nextPageToken, total: page.totalSize };
  }

  /** The roles of the environment, with the permissions that each has itself. */
  async roles(): Promise<Role[]> {
    const { roles } = await this.#read(this.#roles.listRoles, { include: 'permissions' });
    return roles.filter((role) => !role.isOrgRole);
  }

  async organizations(pageToken: string): Promise<SourcePage<Organization>> {
    const page = await this.#read(this.#organizations.listOrganization, { pageSize, pageToken });
    return { items: page.organizations, next: page.nextPageToken, total: page.totalSize };
  }

  /** The roles that an organization sees, those of the environment too, with the permissions that each has itself; undefined when Scalekit does not show them. */
  async organizationRoles(organizationId: string): Promise<Role[] | undefined> {
    return (await this.#readable(this.#roles.listOrganizationRoles, { orgId: organizationId, include: 'permissions' }))?.roles;
  }

  /** The session policy of an organization; undefined when Scalekit does not show it. */
  async sessionPolicy(organizationId: string): Promise<OrganizationSessionPolicySettings | undefined> {
    return (await this.#readable(this.#organizations.getOrganizationSessionPolicy, { organizationId }))?.policy;
  }

  /** How many users an organization may have: null when that was never set, undefined when Scalekit does not show it. */
  async userLimit(organizationId: string): Promise<number | null | undefined> {
    const answer = await this.#readable(this.#organizations.getOrganizationUserManagementSetting, { organizationId });
    return answer === undefined ? undefined : (answer.settings?.maxAllowedUsers ?? null);
  }

  /** Users with their memberships. */
  async users(pageToken: string): Promise<SourcePage<User>> {
    const page = await this.#read(this.#users.listUsers, { pageSize, pageToken });
    return { items: page.users, next: page.nextPageToken, total: page.totalSize };
  }

  /** Ends what is still being read. */
  close(): void {
    this.#closing.abort();
  }

  /** As `#read`; undefined where Scalekit does not offer it to this environment or this client, or the record has just gone. */
  async #readable<Request, Answer>(method: Method<Request, Answer>, request: Request): Promise<Answer | undefined> {
    try {
      return await this.#read(method, request);
    } catch (error) {
      const { cause } = Object(error);
      if (unreadable.some((kind) => cause instanceof kind)) return undefined;
      throw error;
    }
  }

  #read<Request, Answer>(method: Method<Request, Answer>, request: Request): Promise<Answer> {
    const { signal } = this.#closing;
    return this.#telling(async () => {
      for (const pause of pauses) {
        try {
          return await this.#core.connectExec(method, request, { signal });
        } catch (error) {
          const passing = error instanceof ScalekitTooManyRequestsException || error instanceof ScalekitGatewayTimeoutException;
          if (!passing || signal.aborted) throw error;
          await delay(pause, signal);
        }
      }
      return this.#core.connectExec(method, request, { signal });
    });
  }

  async #telling<Result>(work: () => Promise<Result>): Promise<Result> {
    try {
      return await work();
    } catch (error) {
      throw sourceError(this.#credentials.url, error);
    }
  }
}

type Method<Request, Answer> = (request: Request, options?: { signal?: AbortSignal }) => Promise<Answer>;

const unreadable = [ScalekitNotImplementedException, ScalekitForbiddenException, ScalekitNotFoundException, ScalekitBadRequestException];

function delay(milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, milliseconds);
    signal.addEventListener(
      'abort',
      () => {
        clearTimeout(timer);
        resolve();
      },
      { once: true },
    );
  });
}
