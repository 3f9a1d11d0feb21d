import type { FastifyBaseLogger } from 'fastify';
import { ApiError } from '../lib/api-error.ts';
import type { PageTokens } from '../lib/page-token.ts';
import type { OrganizationService } from '../organizations/index.ts';
import type { Admit } from '../transport/authentication.ts';
import type { StreamHandler } from '../transport/listener.ts';
import { reasonNotOffered } from './catalogue.ts';
import { createGrpcHandler } from './grpc/handler.ts';
import type { Method } from './grpc/method.ts';
import { organizationMethods } from './organizations.ts';
import { Pages } from './pages.ts';

/** The services whose use cases Scalekit's clients call. */
export interface ScalekitServices {
  organizations: OrganizationService;
}

/** Every method of Scalekit's API that is offered. */
export function scalekitMethods({ organizations }: ScalekitServices, pageTokens: PageTokens): Method[] {
  const pages = new Pages(pageTokens);
  return [...organizationMethods(organizations, pages)];
}

/** The gRPC surface that Scalekit's clients speak, as a handler of the one port. */
export function createScalekitSurface(
  services: ScalekitServices,
  { pageTokens, admit, logger }: { pageTokens: PageTokens; admit: Admit; logger: FastifyBaseLogger },
): StreamHandler {
  const methods = new Map(scalekitMethods(services, pageTokens).map((method) => [method.path, method]));
  return createGrpcHandler({ methods, refuse, admit, logger });
}

function refuse(path: string): ApiError {
  const reason = reasonNotOffered(path);
  return reason === undefined
    ? new ApiError('ROUTE_NOT_FOUND', 'there is no such method in the services that Scalekit publishes')
    : new ApiError('NOT_OFFERED', `${path.slice(1)} is not offered: ${reason}`);
}
