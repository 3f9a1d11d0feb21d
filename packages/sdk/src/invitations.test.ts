import { expect, test } from 'vitest';
import { useTestServer } from '../../server/src/testing.ts';
import { Crosswalk, NotFoundError, PreconditionError, ValidationError } from './index.ts';

const server = useTestServer();
const connect = () => new Crosswalk(server.url, server.client.clientId, server.client.clientSecret);

async function inviting(crosswalk: Crosswalk) {
  const { id } = await crosswalk.organization.create({ displayName: 'Inviting' });
  let count = 0;
  return {
    id,
    invite: async (fields: object = {}) => {
      count += 1;
      const { user } = await crosswalk.user.createUserAndMembership(id, { email: `sdk${count}.${id}@example.com`, ...fields });
      return user.id;
    },
  };
}

test('an invitation from its beginning to its end', async () => {
  const crosswalk = connect();
  const { id, invite } = await inviting(crosswalk);
  const userId = await invite({ membership: { invitationDays: 2 } });
  expect(await crosswalk.invitation.get(id, userId)).toMatchObject({ state: 'PENDING', user_id: userId, resent_count: 0 });
  expect(await crosswalk.invitation.resend(id, userId)).toMatchObject({ state: 'PENDING', resent_count: 1 });
  await expect(crosswalk.invitation.accept(id, userId, { ifMatch: 1 })).rejects.toThrow(PreconditionError);
  expect(await crosswalk.invitation.accept(id, userId, { ifMatch: 2 })).toMatchObject({ state: 'ACCEPTED' });
  await expect(crosswalk.invitation.revoke(id, userId)).rejects.toThrow(ValidationError);
  const other = await invite();
  expect(await crosswalk.invitation.revoke(id, other)).toMatchObject({ state: 'REVOKED' });
  const member = await invite({ sendInvitationEmail: false });
  await expect(crosswalk.invitation.get(id, member)).rejects.toThrow(NotFoundError);
  expect(() => crosswalk.invitation.get(id, '')).toThrow(TypeError);
});

test('a list is awaited for a page and iterated for all, by any ID of the organization', async () => {
  const crosswalk = connect();
  const { id, invite } = await inviting(crosswalk);
  const users = [await invite(), await invite(), await invite()];
  await crosswalk.invitation.accept(id, users[1] ?? '');
  await crosswalk.organization.update(id, { externalIds: { crm: `crm-${id}` } });
  const found: string[] = [];
  for await (const { user_id } of crosswalk.invitation.list({ externalId: `crm-${id}`, system: 'crm' }, { pageSize: 1 }))
    found.push(user_id);
  expect(found).toEqual(users.toReversed());
  const page = await crosswalk.invitation.list(id, { state: 'ACCEPTED' });
  expect([page.total_size, page.invitations[0]?.user_id]).toEqual([1, users[1]]);
  const newest: string[] = [];
  for await (const { user_id } of crosswalk.invitation.listAll({ pageSize: 1 })) {
    newest.push(user_id);
    if (newest.length === users.length) break;
  }
  expect(newest).toEqual(users.toReversed());
  expect((await crosswalk.invitation.listAll({ state: 'ACCEPTED', pageSize: 1 })).invitations[0]?.user_id).toBe(users[1]);
});

test('the mailbox has what was sent', async () => {
  const crosswalk = connect();
  const { id, invite } = await inviting(crosswalk);
  const [first, second] = [await invite(), await invite()];
  const page = await crosswalk.mailbox.list({ organizationId: id, state: 'KEPT' });
  expect(page.messages.map(({ user_id }) => user_id)).toEqual([second, first]);
  const subjects: (string | null)[] = [];
  for await (const { subject } of crosswalk.mailbox.list({ organizationId: id, pageSize: 1 })) subjects.push(subject);
  expect(subjects).toEqual(Array(2).fill('You are invited to Inviting'));
  expect((await crosswalk.mailbox.list({ userId: first })).messages).toHaveLength(1);
});

test('settings in either spelling, whose languages are not converted; a preview', async () => {
  const crosswalk = connect();
  const template = { subject: 'Oi {{organization_name}}', text: '{{accept_url}}', html: null };
  const { version } = await crosswalk.invitation.getSettings();
  const set = await crosswalk.invitation.updateSettings({ invitationDays: 5, templates: { 'pt-BR': template } }, { ifMatch: version });
  expect(set).toMatchObject({ invitation_days: 5, templates: { 'pt-BR': template }, version: version + 1 });
  expect(await crosswalk.invitation.getSettings()).toEqual(set);
  expect(await crosswalk.invitation.preview({ locale: 'pt-BR' })).toMatchObject({ locale: 'pt-BR', subject: 'Oi Acme Corporation' });
  const { id } = await crosswalk.organization.create({ displayName: 'Preview' });
  expect((await crosswalk.invitation.preview({ organizationId: id })).subject).toBe('You are invited to Preview');
  await expect(crosswalk.invitation.preview({ template: { ...template, text: 'no link' } })).rejects.toMatchObject({
    errorCode: 'INVALID_TEMPLATE',
  });
});
