import type { FastifyBaseLogger } from 'fastify';
import type { ApiTokenService } from '../api-tokens/index.ts';
import type { OrganizationClientService } from '../clients/index.ts';
import type { Reads } from '../database/reads.ts';
import type { DomainService } from '../domains/index.ts';
import type { InvitationService } from '../invitations/index.ts';
import { ApiError } from '../lib/api-error.ts';
import type { PageTokens } from '../lib/page-token.ts';
import type { MembershipService } from '../memberships/index.ts';
import type { OrganizationService, OrganizationSettingsService } from '../organizations/index.ts';
import type { PermissionService, RoleService } from '../roles/index.ts';
import type { Telemetry } from '../telemetry/index.ts';
import type { Admit } from '../transport/authentication.ts';
import type { HeldAnswers } from '../transport/held-answers.ts';
import type { StreamHandler } from '../transport/listener.ts';
import type { Patience } from '../transport/patience.ts';
import type { UserService } from '../users/index.ts';
import { apiTokenMethods } from './api-tokens.ts';
import { reasonNotOffered } from './catalogue.ts';
import { clientMethods } from './clients.ts';
import { domainMethods } from './domains.ts';
import { createGrpcHandler } from './grpc/handler.ts';
import type { Method } from './grpc/method.ts';
import { organizationSettingsMethods } from './organization-settings.ts';
import { organizationMethods } from './organizations.ts';
import { Pages } from './pages.ts';
import { roleMethods } from './roles.ts';
import { sessionMethods } from './sessions.ts';
import { userMethods } from './users.ts';

/** The services whose use cases Scalekit's clients call. */
export interface ScalekitServices {
  organizations: OrganizationService;
  settings: OrganizationSettingsService;
  users: UserService;
  memberships: MembershipService;
  invitations: InvitationService;
  organizationClients: OrganizationClientService;
  apiTokens: ApiTokenService;
  roles: RoleService;
  permissions: PermissionService;
  domains: DomainService;
}

/** Every method of Scalekit's API that is offered. */
function scalekitMethods(services: ScalekitServices, pageTokens: PageTokens): Method[] {
  const pages = new Pages(pageTokens);
  return [
    ...organizationMethods(services.organizations, pages),
    ...organizationSettingsMethods(services.settings),
    ...userMethods(services, pages),
    ...roleMethods(services, pages),
    ...domainMethods(services.domains),
    ...clientMethods(services.organizationClients, pages),
    ...apiTokenMethods(services.apiTokens, pages),
    ...sessionMethods(services.users),
  ];
}

/** The gRPC surface that Scalekit's clients speak. */
export interface ScalekitSurface {
  /** every method that is offered, by path */
  methods: ReadonlyMap<string, Method>;
  /** for the one port */
  handle: StreamHandler;
}

/** What the surface needs beside the services. */
export interface SurfaceOptions {
  pageTokens: PageTokens;
  admit: Admit;
  reads: Reads;
  patience: Patience;
  answers: HeldAnswers;
  logger: FastifyBaseLogger;
  telemetry: Telemetry | undefined;
}

/** Puts the surface together. */
export function createScalekitSurface(services: ScalekitServices, { pageTokens, ...options }: SurfaceOptions): ScalekitSurface {
  const methods = new Map(scalekitMethods(services, pageTokens).map((method) => [method.path, method]));
  return { methods, handle: createGrpcHandler({ methods, refuse, ...options }) };
}

function refuse(path: string): ApiError {
  const reason = reasonNotOffered(path);
  return reason === undefined
    ? new ApiError('ROUTE_NOT_FOUND', 'there is no such method in the services that Scalekit publishes')
    : new ApiError('NOT_OFFERED', `${path.slice(1)} is not offered: ${reason}`);
}
