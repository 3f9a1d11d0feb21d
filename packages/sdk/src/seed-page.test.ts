import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { useTestServer } from '../../server/src/testing.ts';
import { Crosswalk } from './index.ts';

/**
 * The calls of the page that this product began with, run as they are written there: the samples are kept verbatim in
 * `docs/seed-page-samples.md`, and this test executes them one after the other.
 */
const server = useTestServer();

test('every sample of the seed page runs verbatim', async () => {
  const text = await readFile(new URL('../../../docs/seed-page-samples.md', import.meta.url), 'utf8');
  const samples = [...text.matchAll(/```javascript\n([\s\S]*?)```/g)].map(([, code = '']) => code);
  expect(samples).toHaveLength(6);
  const scalekit = new Crosswalk(server.url, server.client.clientId, server.client.clientSecret);
  const lines: string[] = [];
  const billed: unknown[] = [];
  const scope = {
    scalekit,
    console: { log: (...parts: unknown[]) => lines.push(parts.join(' ')) },
    updateCustomerBilling: async (id: unknown) => billed.push(id),
    organizationId: '',
  };
  const run = async (code: string, results: string) =>
    Object(await new AsyncFunction(...Object.keys(scope), `${code}\nreturn { ${results} };`)(...Object.values(scope)));
  const [create = '', find = '', rename = '', createUser = '', updateUser = '', findUser = ''] = samples;

  const { organization } = await run(create, 'organization');
  expect(organization).toMatchObject({
    display_name: 'Acme Corporation',
    external_id: 'CUST-12345-ACME',
    metadata: { plan_type: 'enterprise' },
  });

  await run(find, '');
  expect(billed).toEqual(['stripe_cus_abc123']);

  scope.organizationId = organization.id;
  const { updatedOrg } = await run(rename, 'updatedOrg');
  expect(updatedOrg).toMatchObject({ id: organization.id, external_id: 'NEW-CUST-12345-ACME', display_name: 'Acme Corporation' });

  const { user } = await run(createUser.replace('<organizationId>', organization.id), 'user');
  expect(user).toMatchObject({
    email: 'john.doe@company.com',
    external_id: 'SALESFORCE-003921',
    metadata: { quota: 150000 },
    user_profile: { first_name: 'John', last_name: 'Doe' },
  });
  expect(user.memberships).toMatchObject([{ organization_id: organization.id, membership_status: 'PENDING_INVITE' }]);

  const { updatedUser } = await run(updateUser.replace('<userId>', user.id), 'updatedUser');
  expect(updatedUser.metadata).toEqual({
    department: 'Sales',
    employeeId: 'EMP-002',
    territory: 'West Coast',
    quota: 150000,
    crmAccountId: 'ACC-789',
    hubspotContactId: '12345',
  });

  await run(findUser.replace('<organizationId>', organization.id), '');
  expect(lines).toEqual([
    `Organization created: ${organization.id}`,
    'Your ID: CUST-12345-ACME',
    'Found organization: Acme Corporation',
    'External ID updated: NEW-CUST-12345-ACME',
    `Found user: john.doe@company.com with ID: ${user.id}`,
  ]);
});

const AsyncFunction = Object.getPrototypeOf(async () => {}).constructor;
