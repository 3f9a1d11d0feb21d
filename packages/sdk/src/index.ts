export type {
  Alias,
  ApiToken,
  ApplicationSessionPolicy,
  Client,
  ClientSecretAnswer,
  CreateMetadataIndex,
  Domain,
  DomainType,
  Environment,
  ErrorCode,
  Event,
  EventFeed,
  EventPage,
  EventType,
  ExternalSystem,
  Failure,
  History,
  Import,
  ImportCounts,
  ImportLeft,
  ImportOptions,
  ImportRowError,
  ImportSample,
  ImportState,
  ImportUndo,
  Invitation,
  InvitationPreview,
  InvitationSettings,
  InvitationState,
  InvitationTemplate,
  JsonValue,
  ListedSystem,
  MatchedBy,
  MembershipRow,
  Message,
  MessageState,
  Metadata,
  MetadataIndex,
  MetadataIndexState,
  Operator,
  OperatorRole,
  OrganizationClient,
  OrganizationRow,
  Overview,
  Permission,
  ReconcileAnswer,
  ReconcileCandidate,
  ReconcileItem,
  ReconcileRequest,
  RekeyAnswer,
  RekeyRequest,
  ResolveAnswer,
  ResolveMatch,
  Role,
  RolePermission,
  RoleRow,
  RowKind,
  RowReference,
  SearchAnswer,
  SearchMatch,
  Session,
  SessionAnswer,
  SessionPolicy,
  SigningKey,
  SigningKeyState,
  TestWebhookAnswer,
  TransferKind,
  TransferRow,
  UserManagementSettings,
  UserRole,
  UserRow,
  WebhookAttempt,
  WebhookDelivery,
  WebhookDeliveryDetails,
  WebhookEndpoint,
  WebhookHour,
  WebhookMessage,
  WebhookStats,
} from '@crosswalk/contract';
export { eventTypes } from '@crosswalk/contract/event-types';
export { nameFields } from '@crosswalk/contract/record-name';
export type { ApiTokenPage, ApiTokens } from './api-tokens.ts';
export type { Clients } from './clients.ts';
export { ColumnMapping, MappingError, type MappingOptions } from './column-mapping.ts';
export { Crosswalk } from './crosswalk.ts';
export {
  type CsvConversion,
  type CsvRecord,
  convertCsv,
  csvDelimiterOf,
  lineOfFile,
  newCsvConversion,
  type RaggedRecord,
} from './csv-conversion.ts';
export type { DomainPage, Domains } from './domains.ts';
export type { Environments } from './environments.ts';
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
export { EventList, type EventSearch, type Events, type EventsOptions } from './events.ts';
export { exactJson, InexactJsonError } from './exact-json.ts';
export { Export, type ExportOptions, type RawExport } from './export.ts';
export type { HistoryOptions, Moment, RecordHistory } from './history.ts';
export type { RecordName, SystemOption } from './identifiers.ts';
export { type ImportPreset, type ImportPresetName, importPreset, importPresets, type RowTemplate } from './import-presets.ts';
export type { ImportSettings, ImportSource, Imports, ImportsPage, WaitOptions } from './imports.ts';
export type { InvitationPage, Invitations, InvitationsOptions } from './invitations.ts';
export type { Mailbox, MessagePage } from './mailbox.ts';
export type { MembershipChange, MembershipPage, Memberships } from './memberships.ts';
export type { MetadataIndexes } from './metadata-indexes.ts';
export type { Operators } from './operators.ts';
export type { OrganizationClientPage, OrganizationClients } from './organization-clients.ts';
export type { OrganizationPage, Organizations } from './organizations.ts';
export { List, type PageInfo, type PageOptions } from './pages.ts';
export type { PermissionPage, Permissions } from './permissions.ts';
export type { MendingRow } from './reconcile.ts';
export { listPreset, reconcileItemsOfCsv, reconcileItemsOfLines } from './reconcile-list.ts';
export type { CallOptions, ChangeOptions, CrosswalkOptions, Seen, UpsertOptions } from './request.ts';
export type { RoleOrganization, RoleShown, Roles } from './roles.ts';
export { DashboardSession } from './session.ts';
export type { SigningKeys } from './signing-keys.ts';
export { type KnownSystem, knownSystems, matchesIdPattern, systemUrl } from './system-ids.ts';
export type { Systems } from './systems.ts';
export type { Matched, Membership, MetadataTypes, Organization, User } from './types.ts';
export type { UserPage, Users, UsersOptions } from './users.ts';
export type { ReplayRequest, WebhookDeliveryPage, WebhookEndpoints } from './webhook-endpoints.ts';
export {
  sign as signWebhook,
  type VerifyOptions,
  verify as verifyWebhook,
  type WebhookHeaders,
  WebhookVerificationError,
} from './webhooks.ts';
