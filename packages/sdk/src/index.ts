export type {
  ApiToken,
  ApplicationSessionPolicy,
  Client,
  ClientSecretAnswer,
  Domain,
  DomainType,
  ErrorCode,
  Event,
  EventFeed,
  EventType,
  History,
  Invitation,
  JsonValue,
  MatchedBy,
  Metadata,
  OrganizationClient,
  Permission,
  ResolveAnswer,
  ResolveMatch,
  Role,
  RolePermission,
  SessionPolicy,
  UserManagementSettings,
  UserRole,
} from '@crosswalk/contract';
export { Crosswalk } from './crosswalk.ts';
export type { OrganizationName } from './domains.ts';
export {
  AuthenticationError,
  ConflictError,
  ConnectionError,
  CrosswalkError,
  type ErrorResource,
  type FieldViolation,
  NotFoundError,
  PermissionError,
  PreconditionError,
  RateLimitError,
  ValidationError,
} from './errors.ts';
export { EventList, type EventsOptions } from './events.ts';
export type { HistoryOptions, Moment } from './history.ts';
export { List, type PageInfo, type PageOptions } from './pages.ts';
export type { CallOptions, ChangeOptions, CrosswalkOptions, UpsertOptions } from './request.ts';
export type { Membership, MetadataTypes, Organization, User } from './types.ts';
export { type VerifyOptions, type WebhookHeaders, WebhookVerificationError } from './webhooks.ts';
