import type { Crosswalk } from '@crosswalk/sdk';
import { code, say, step } from './narrate.ts';

/** Every call of the page that Crosswalk began with: external IDs and metadata of an organization and a user. IDs are those it made. */
export async function seedPage(scalekit: Crosswalk): Promise<{ organizationId: string; userId: string }> {
  say('1. Organizations and users under your own IDs');

  code("organization.create({ display_name: 'Acme Corporation', external_id: 'CUST-12345-ACME', … })");
  const organization = await scalekit.organization.create({
    display_name: 'Acme Corporation',
    external_id: 'CUST-12345-ACME',
    metadata: { plan_type: 'enterprise', billing_customer_id: 'stripe_cus_abc123' },
  });
  step(`made ${organization.id}; your ID: ${organization.external_id}`);

  code("organization.getByExternalId('CUST-12345-ACME')");
  const found = await scalekit.organization.getByExternalId('CUST-12345-ACME');
  step(`found ${found?.display_name}, billed as ${String(found?.metadata.billing_customer_id)}`);

  code("organization.update(organizationId, { external_id: 'NEW-CUST-12345-ACME' })");
  const updated = await scalekit.organization.update(organization.id, { external_id: 'NEW-CUST-12345-ACME' });
  step(`its ID is now ${updated.external_id}`);

  code("user.createUserAndMembership(organizationId, { email: 'john.doe@company.com', externalId: 'SALESFORCE-003921', … })");
  const { user, membership } = await scalekit.user.createUserAndMembership(organization.id, {
    email: 'john.doe@company.com',
    externalId: 'SALESFORCE-003921',
    metadata: {
      department: 'Sales',
      employeeId: 'EMP-002',
      territory: 'West Coast',
      quota: 150000,
      crmAccountId: 'ACC-789',
      hubspotContactId: '12345',
    },
    userProfile: { firstName: 'John', lastName: 'Doe' },
    sendInvitationEmail: true,
  });
  step(`made ${user.id}, membership ${membership.membership_status}; quota is still a ${typeof user.metadata.quota}`);

  code("user.updateUser(userId, { externalId: 'SALESFORCE-003921', metadata: { quota: 175000, … } })");
  const changed = await scalekit.user.updateUser(user.id, { externalId: 'SALESFORCE-003921', metadata: { quota: 175000 } });
  step(`quota ${String(changed.metadata.quota)}, department still ${String(changed.metadata.department)}: metadata is merged`);

  code("user.getUserByExternalId(organizationId, 'SALESFORCE-003921')");
  const member = await scalekit.user.getUserByExternalId(organization.id, 'SALESFORCE-003921');
  step(`found ${member?.email} with ID ${member?.id}`);
  return { organizationId: organization.id, userId: user.id };
}
