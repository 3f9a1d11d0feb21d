/*
 * A program for Scalekit: a product in which customers sign up, invite people, give them roles, and connect their machines. It knows
 * nothing of Crosswalk. Only the three variables of its environment tell where it runs.
 */
import {
  ScalekitBadRequestException,
  ScalekitClient,
  ScalekitConflictException,
  ScalekitNotFoundException,
  ScalekitValidateTokenFailureException,
} from '@scalekit-sdk/node';

const scalekit = new ScalekitClient(
  process.env.SCALEKIT_ENVIRONMENT_URL,
  process.env.SCALEKIT_CLIENT_ID,
  process.env.SCALEKIT_CLIENT_SECRET,
);

// What people may do in the product, and who may do it.
for (const [name, description] of [
  ['projects:read', 'See projects'],
  ['projects:write', 'Change projects'],
  ['billing:manage', 'See and pay invoices'],
]) {
  await scalekit.permission.createPermission({ name, description });
}
await scalekit.role.createRole({ name: 'viewer', displayName: 'Viewer', description: 'Looks around', permissions: ['projects:read'] });
await scalekit.role.createRole({ name: 'editor', displayName: 'Editor', extends: 'viewer', permissions: ['projects:write'] });
await scalekit.permission.addPermissionsToRole('admin', ['billing:manage', 'projects:read', 'projects:write']);
await scalekit.role.updateDefaultRoles({ defaultCreatorRole: 'admin', defaultMemberRole: 'viewer' });
const { permissions: effective } = await scalekit.permission.listEffectiveRolePermissions('editor');
console.log('editors may:', effective.map((permission) => permission.name).join(', '));

// A customer signs up. Our database has a key for it already.
const { organization } = await scalekit.organization.createOrganization('Globex Corporation', { externalId: 'tenant-4711' });
await scalekit.organization.updateOrganization(organization.id, {
  slug: 'globex.example',
  logoUrl: 'https://globex.example/logo.png',
  metadata: { plan: 'trial', seats: '25' },
});
await scalekit.organization.updateOrganizationSettings(organization.id, { features: [{ name: 'sso', enabled: true }] });
await scalekit.organization.upsertUserManagementSettings(organization.id, { maxAllowedUsers: 3 });
await scalekit.organization.updateOrganizationSessionPolicy(organization.id, {
  policySource: 'CUSTOM',
  absoluteSessionTimeout: 12,
  absoluteSessionTimeoutUnit: 'HOURS',
  idleSessionTimeoutEnabled: true,
  idleSessionTimeout: 30,
  idleSessionTimeoutUnit: 'MINUTES',
});
const policy = await scalekit.organization.getOrganizationSessionPolicy(organization.id);
console.log('sessions last', policy.absoluteSessionTimeout, 'minutes and may be idle for', policy.idleSessionTimeout);

// A webhook of the payment provider knows the customer by our key alone.
const { organization: paying } = await scalekit.organization.getOrganizationByExternalId('tenant-4711');
await scalekit.organization.updateOrganizationByExternalId('tenant-4711', { metadata: { ...paying.metadata, plan: 'business' } });
const { organization: upgraded } = await scalekit.organization.getOrganization(organization.id);
console.log('plan:', upgraded.metadata.plan, 'seats:', upgraded.metadata.seats);

// Whoever signs up is the first person of the customer, and its administrator.
const { user: founder } = await scalekit.user.createUserAndMembership(organization.id, {
  email: 'hank@globex.example',
  externalId: 'person-1',
  userProfile: { firstName: 'Hank', lastName: 'Scorpio' },
  metadata: { department: 'Management' },
  sendInvitationEmail: false,
});
await scalekit.user.assignUserRoles(organization.id, founder.id, ['admin']);
const { roles: founderRoles } = await scalekit.user.listUserRoles(organization.id, founder.id);
console.log(
  founder.userProfile.firstName,
  'is',
  founderRoles
    .map((role) => role.name)
    .sort()
    .join(' and '),
);

// They invite a colleague; the mail gets lost, so it is sent again.
const { user: invited } = await scalekit.user.createUserAndMembership(organization.id, {
  email: 'homer@globex.example',
  externalId: 'person-2',
});
const { invite } = await scalekit.user.resendInvite(organization.id, invited.id);
console.log('invitation:', invite.status, 'sent again', invite.resentCount, 'time');
await scalekit.user.updateMembershipByExternalId(organization.id, 'person-2', { roles: ['editor'], metadata: { desk: '12' } });
await scalekit.user.updateUserByExternalId('person-2', { userProfile: { firstName: 'Homer' }, metadata: { department: 'Nuclear' } });
const { user: colleague } = await scalekit.user.getUserByExternalId('person-2');
const { permissions } = await scalekit.user.listUserPermissions(organization.id, colleague.id);
console.log(colleague.userProfile.firstName, 'may:', permissions.map((permission) => permission.name).join(', '));

// The support desk looks for people and customers, page by page.
const found = [];
let pageToken = '';
do {
  const page = await scalekit.user.listOrganizationUsers(organization.id, { pageSize: 1, pageToken });
  found.push(...page.users.map((user) => user.email));
  pageToken = page.nextPageToken;
} while (pageToken);
console.log('people:', found.join(', '));
const { users: matches } = await scalekit.user.searchOrganizationUsers(organization.id, 'homer');
const { organizations: customers } = await scalekit.organization.searchOrganization('globex');
console.log('found:', matches.length, 'person,', customers.length, 'customer');

// A script of theirs gets a token, which our API checks at each request.
const { token, tokenId } = await scalekit.token.createToken(organization.id, {
  userId: founder.id,
  description: 'Nightly export',
  customClaims: { team: 'exports' },
});
const { tokenInfo } = await scalekit.token.validateToken(token);
console.log('token of', tokenInfo.email, 'for', tokenInfo.customClaims.team, 'with', tokenInfo.roles.sort().join(' and '));
await scalekit.token.updateToken(tokenId, { customClaims: { ...tokenInfo.customClaims, schedule: 'nightly' } });
const { tokens, totalCount } = await scalekit.token.listTokens(organization.id, { pageSize: 10 });
console.log('tokens:', totalCount, JSON.stringify(tokens[0].customClaims));
await scalekit.token.invalidateToken(token);
try {
  await scalekit.token.validateToken(token);
} catch (error) {
  console.log('after its end:', error instanceof ScalekitValidateTokenFailureException);
}

// A machine of theirs gets client credentials, whose tokens our API checks by itself.
const { client, plainSecret } = await scalekit.m2m.createOrganizationClient(organization.id, {
  name: 'Deployment pipeline',
  scopes: ['projects:deploy'],
  audience: ['https://api.product.example'],
  customClaims: { stage: 'production' },
});
const accessToken = await scalekit.generateClientToken(client.clientId, plainSecret);
const isValid = await scalekit.validateAccessToken(accessToken, {
  audience: ['https://api.product.example'],
  requiredScopes: ['projects:deploy'],
});
const claims = await scalekit.validateToken(accessToken);
console.log('machine token:', isValid, claims.custom_claims.stage, claims.oid === organization.id);
const { plainSecret: nextSecret } = await scalekit.m2m.addOrganizationClientSecret(organization.id, client.clientId);
await scalekit.m2m.removeOrganizationClientSecret(organization.id, client.clientId, client.secrets[0].id);
console.log('after rotation:', (await scalekit.generateClientToken(client.clientId, nextSecret)).length > 100);

// Things go wrong, and the program tells by the class of the exception what to do.
async function attempt(what, call) {
  try {
    await call();
    console.log(what, 'went through');
  } catch (error) {
    if (error instanceof ScalekitConflictException) console.log(what, 'is taken:', error.errorCode);
    else if (error instanceof ScalekitNotFoundException) console.log(what, 'is not there:', error.errorCode);
    else if (error instanceof ScalekitBadRequestException) console.log(what, 'is not allowed:', error.errorCode);
    else throw error;
  }
}
await attempt('the same key', () => scalekit.organization.createOrganization('Globex again', { externalId: 'tenant-4711' }));
await attempt('a stranger', () => scalekit.user.getUserByExternalId('person-99'));
await attempt('a role in use', () => scalekit.role.deleteRole('editor'));
await attempt('a third person', () => scalekit.user.createUserAndMembership(organization.id, { email: 'frank@globex.example' }));
await attempt('a fourth person', () => scalekit.user.createUserAndMembership(organization.id, { email: 'lenny@globex.example' }));

// The customer leaves, and takes everything along.
await scalekit.user.deleteMembership(organization.id, founder.id);
await scalekit.user.deleteUser(founder.id);
await scalekit.user.deleteUserByExternalId('person-2');
await scalekit.role.deleteRole('editor');
await scalekit.organization.deleteOrganization(organization.id);
await attempt('the customer', () => scalekit.organization.getOrganizationByExternalId('tenant-4711'));
const { organization: successor } = await scalekit.organization.createOrganization('Globex Reborn', { externalId: 'tenant-4711' });
console.log('a new customer under the old key:', successor.id !== organization.id);
process.exit();
