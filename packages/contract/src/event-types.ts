// Names alone, without the schemas: browsers have them from here.

/**
 * Names of the events this version writes. Those of `client`, `organization_client`, `api_token`, `webhook_endpoint`, `system`, `operator`
 * and `environment` are ours, Scalekit has none: an audit asks of every credential who issued it, who changed what it allows and who ended
 * it. It also asks who changed what mails in our name say, and who was let into the dashboard.
 */
export const eventTypes = [
  'organization.created',
  'organization.updated',
  'organization.deleted',
  'organization.domain_created',
  'organization.domain_deleted',
  'organization.domain_dns_verification_success',
  'organization.domain_dns_verification_failed',
  'user.created',
  'user.updated',
  'user.deleted',
  'user.organization_invitation',
  'user.organization_membership_created',
  'user.organization_membership_updated',
  'user.organization_membership_deleted',
  'invitation_settings.updated',
  'organization_client.created',
  'organization_client.updated',
  'organization_client.deleted',
  'api_token.created',
  'api_token.updated',
  'api_token.invalidated',
  'role.created',
  'role.updated',
  'role.deleted',
  'permission.created',
  'permission.updated',
  'permission.deleted',
  'webhook_endpoint.created',
  'webhook_endpoint.updated',
  'webhook_endpoint.deleted',
  'system.created',
  'system.updated',
  'system.deleted',
  'client.created',
  'client.updated',
  'client.deleted',
  'operator.created',
  'operator.updated',
  'operator.deleted',
  'environment.created',
  'environment.updated',
] as const;
export type EventType = (typeof eventTypes)[number];
