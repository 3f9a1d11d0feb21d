import type { DescMethod, DescService } from '@bufbuild/protobuf';
import { AuditLogsService } from '@scalekit-sdk/node/lib/pkg/grpc/scalekit/v1/auditlogs/auditlogs_pb.js';
import { AuthService } from '@scalekit-sdk/node/lib/pkg/grpc/scalekit/v1/auth/auth_pb.js';
import { PasswordlessService } from '@scalekit-sdk/node/lib/pkg/grpc/scalekit/v1/auth/passwordless_pb.js';
import { WebAuthnService } from '@scalekit-sdk/node/lib/pkg/grpc/scalekit/v1/auth/webauthn_pb.js';
import { ClientService } from '@scalekit-sdk/node/lib/pkg/grpc/scalekit/v1/clients/clients_pb.js';
import { ConnectedAccountService } from '@scalekit-sdk/node/lib/pkg/grpc/scalekit/v1/connected_accounts/connected_accounts_pb.js';
import { ConnectionService } from '@scalekit-sdk/node/lib/pkg/grpc/scalekit/v1/connections/connections_pb.js';
import { DirectoryService } from '@scalekit-sdk/node/lib/pkg/grpc/scalekit/v1/directories/directories_pb.js';
import { DomainService } from '@scalekit-sdk/node/lib/pkg/grpc/scalekit/v1/domains/domains_pb.js';
import { EventsService } from '@scalekit-sdk/node/lib/pkg/grpc/scalekit/v1/events/events_pb.js';
import { OrganizationService } from '@scalekit-sdk/node/lib/pkg/grpc/scalekit/v1/organizations/organizations_pb.js';
import { RolesService } from '@scalekit-sdk/node/lib/pkg/grpc/scalekit/v1/roles/roles_pb.js';
import { SessionService } from '@scalekit-sdk/node/lib/pkg/grpc/scalekit/v1/sessions/sessions_pb.js';
import { ApiTokenService } from '@scalekit-sdk/node/lib/pkg/grpc/scalekit/v1/tokens/tokens_pb.js';
import { ToolService } from '@scalekit-sdk/node/lib/pkg/grpc/scalekit/v1/tools/tools_pb.js';
import { UserService } from '@scalekit-sdk/node/lib/pkg/grpc/scalekit/v1/users/users_pb.js';
import { pathOf } from './grpc/method.ts';

/** Every service that Scalekit publishes, those first that are offered. */
const services: DescService[] = [
  OrganizationService,
  UserService,
  RolesService,
  ClientService,
  DomainService,
  ApiTokenService,
  SessionService,
  EventsService,
  AuditLogsService,
  AuthService,
  PasswordlessService,
  WebAuthnService,
  ConnectedAccountService,
  ConnectionService,
  DirectoryService,
  ToolService,
];

/** A method that Scalekit publishes. */
export interface PublishedMethod {
  service: DescService;
  method: DescMethod;
  /** its path on the wire */
  path: string;
}

/** Every method that Scalekit publishes, by path. */
export const publishedMethods: ReadonlyMap<string, PublishedMethod> = new Map(
  services.flatMap((service) => service.methods.map((method) => [pathOf(method), { service, method, path: pathOf(method) }])),
);

const login = 'Crosswalk keeps who people are, it does not sign them in: no single sign-on, hosted login or sessions of end users';
const directorySync = 'Crosswalk does not speak SCIM to identity providers; write users by upsert or import instead';
const agents = 'connected accounts and agent tools are not part of a directory';

const portal = 'there is no portal in which customers set up single sign-on or directory sync';
const endUsers = 'it is for signed-in end users, and Crosswalk signs nobody in';
const resources = 'Crosswalk is no authorization server for resources of others and their consents';
const environmentClients = "the environment's own clients are kept over REST: /api/v1/clients";

/** Why a whole service is not offered, by its type name. */
const serviceReasons: Record<string, string> = {
  [AuditLogsService.typeName]: login,
  [AuthService.typeName]: login,
  [PasswordlessService.typeName]: login,
  [WebAuthnService.typeName]: login,
  [ConnectionService.typeName]: login,
  [DirectoryService.typeName]: directorySync,
  [ConnectedAccountService.typeName]: agents,
  [ToolService.typeName]: agents,
  [ClientService.typeName]: resources,
  [EventsService.typeName]: 'Crosswalk has its own record of changes',
};

/** Why one method of an offered service is not. */
const methodReasons: Record<string, string> = {
  ...reasonFor(
    portal,
    OrganizationService.method.generatePortalLink,
    OrganizationService.method.getPortalLinks,
    OrganizationService.method.deletePortalLink,
    OrganizationService.method.deletePortalLinkByID,
  ),
  ...reasonFor(endUsers, UserService.method.getCurrentUser, UserService.method.getSupportHash),
  ...reasonFor(
    environmentClients,
    ClientService.method.listClient,
    ClientService.method.createClient,
    ClientService.method.getClient,
    ClientService.method.updateClient,
    ClientService.method.deleteClient,
    ClientService.method.createClientSecret,
    ClientService.method.updateClientSecret,
    ClientService.method.deleteClientSecret,
  ),
  ...reasonFor(login, DomainService.method.listAuthorizedDomains),
  ...reasonFor('only a hash of each token is kept', ApiTokenService.method.fetchToken),
};

function reasonFor(reason: string, ...methods: DescMethod[]): Record<string, string> {
  return Object.fromEntries(methods.map((method) => [pathOf(method), reason]));
}

/** Why a published method is not offered, as far as it is not; undefined when nothing of this path is published. */
export function reasonNotOffered(path: string): string | undefined {
  const published = publishedMethods.get(path);
  if (published === undefined) return undefined;
  return methodReasons[path] ?? serviceReasons[published.service.typeName] ?? 'it is no part of a directory';
}
