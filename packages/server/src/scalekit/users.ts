import {
  type AssignedRole,
  AssignUserRoles,
  CreateMembership,
  CreateUserAndMembership,
  type Membership,
  UpdateMembership,
  UpdateUser,
  type User,
  type UserProfile,
} from '@crosswalk/contract';
import { MembershipStatus } from '@scalekit-sdk/node/lib/pkg/grpc/scalekit/v1/commons/commons_pb.js';
import { UserService as Rpc } from '@scalekit-sdk/node/lib/pkg/grpc/scalekit/v1/users/users_pb.js';
import { Type } from 'typebox';
import type { RequestContext } from '../environments/index.ts';
import { externalKey, type RecordReference } from '../external-ids/index.ts';
import type { InvitationService } from '../invitations/index.ts';
import { invalid } from '../lib/api-error.ts';
import { databaseId, requireId } from '../lib/id.ts';
import type { MembershipService } from '../memberships/index.ts';
import { checkTexts, metadataAsText, replaceByText } from '../metadata/index.ts';
import type { UserService } from '../users/index.ts';
import { emptyClears, optionalTimestamp, required, searchText, sent, timestamp } from './fields.ts';
import { completed } from './grpc/completed.ts';
import { change, changeRecord, type Method, read } from './grpc/method.ts';
import type { Pages } from './pages.ts';
import { parser } from './parse.ts';

const checkCreate = parser(CreateUserAndMembership);
const checkUpdate = parser(UpdateUser);
const checkNewMembership = parser(CreateMembership);
const checkMembership = parser(UpdateMembership);
// The list is a body over REST, and a field here.
const checkRoles = parser(Type.Object({ roles: AssignUserRoles }));

interface UserServices {
  users: UserService;
  memberships: MembershipService;
  invitations: InvitationService;
}

/** scalekit.v1.users.UserService */
export function userMethods({ users, memberships, invitations }: UserServices, pages: Pages): Method[] {
  const complete = completion(memberships);
  const answers = (context: RequestContext, users: readonly User[]) => complete(context, users.map(userMessage));
  const completeUser = (context: RequestContext, { user }: { user?: UserMessage | undefined }) =>
    complete(context, user === undefined ? [] : [user]);
  const answer = (user: User) => ({ user: userMessage(user) });
  const answerUser = ({ user }: { user: User }) => answer(user);
  return [
    read(Rpc.method.getUser, async (context, { identities }) => {
      const { record } = await users.get(context, userReference(identities));
      const [user] = await answers(context, [record]);
      return { user };
    }),
    read(Rpc.method.listUsers, async (context, request) => {
      const page = await users.list(context, {}, pages.request(context, 'users', request));
      return { users: await answers(context, page.items), ...pages.answer(context, 'users', page) };
    }),
    read(Rpc.method.searchUsers, async (context, request) => {
      const search = searchText(request.query);
      const page = await users.list(context, { search }, pages.request(context, 'users:search', request, search));
      return { users: await answers(context, page.items), ...pages.answer(context, 'users:search', page, search) };
    }),
    read(Rpc.method.listOrganizationUsers, async (context, request) => {
      const organizationId = organizationOf(request);
      const page = await users.listOf(context, organizationId, {}, pages.request(context, 'members', request, organizationId));
      return { users: await answers(context, page.items), ...pages.answer(context, 'members', page, organizationId) };
    }),
    read(Rpc.method.searchOrganizationUsers, async (context, request) => {
      const [organizationId, search] = [organizationOf(request), searchText(request.query)];
      const narrowed = [organizationId, search];
      const page = await users.listOf(context, organizationId, { search }, pages.request(context, 'members:search', request, narrowed));
      return { users: await answers(context, page.items), ...pages.answer(context, 'members:search', page, narrowed) };
    }),
    completed(
      change(
        Rpc.method.createUserAndMembership,
        (context, request) => {
          const { email, externalId, metadata, membership, userProfile } = required(request.user, 'user');
          const body = checkCreate({
            email,
            external_id: externalId,
            metadata: checkTexts(metadata),
            user_profile: userProfile === undefined ? undefined : newProfile(userProfile),
            membership: membership === undefined ? undefined : newMembership(membership),
            send_invitation_email: request.sendInvitationEmail,
          });
          return users.createWithMembership(context, organizationOf(request), body);
        },
        answerUser,
      ),
      Rpc.method.createUserAndMembership.output,
      completeUser,
    ),
    completed(
      changeRecord(
        Rpc.method.updateUser,
        (context, { identities, user }, preconditions) => {
          const { externalId, metadata, userProfile } = required(user, 'user');
          const body = checkUpdate({
            external_id: emptyClears(externalId),
            user_profile: userProfile === undefined ? undefined : profilePatch(userProfile),
          });
          const profile = replaceByText(userProfile?.metadata ?? {}, 'user_profile.metadata');
          return users.update(context, userReference(identities), body, preconditions, { user: replaceByText(metadata), profile });
        },
        ({ record }) => answer(record),
      ),
      Rpc.method.updateUser.output,
      completeUser,
    ),
    changeRecord(
      Rpc.method.deleteUser,
      (context, { identities }, preconditions) => users.delete(context, userReference(identities), preconditions),
      () => ({}),
    ),
    completed(
      change(
        Rpc.method.createMembership,
        (context, request) => {
          const body = { ...newMembership(required(request.membership, 'membership')), send_invitation_email: request.sendInvitationEmail };
          return memberships.create(context, membershipReference(request), checkNewMembership(body));
        },
        answerUser,
      ),
      Rpc.method.createMembership.output,
      completeUser,
    ),
    completed(
      changeRecord(
        Rpc.method.updateMembership,
        (context, request, preconditions) => {
          const { roles, metadata } = required(request.membership, 'membership');
          const body = checkMembership({ roles: sent(roles.map(roleName)) });
          return memberships.update(context, membershipReference(request), body, preconditions, replaceByText(metadata));
        },
        answerUser,
      ),
      Rpc.method.updateMembership.output,
      completeUser,
    ),
    changeRecord(
      Rpc.method.deleteMembership,
      (context, request, preconditions) =>
        memberships.delete(context, membershipReference(request), preconditions, { cascade: request.cascade }),
      () => ({}),
    ),
    changeRecord(
      Rpc.method.resendInvite,
      (context, request, preconditions) =>
        invitations.resend(context, { organizationId: organizationOf(request), user: { id: requireId('usr', request.id) } }, preconditions),
      ({ invitation }) => ({
        invite: {
          organizationId: invitation.organization_id,
          userId: invitation.user_id,
          inviterEmail: invitation.inviter_email ?? undefined,
          status: invitation.status,
          createdAt: timestamp(invitation.created_at),
          expiresAt: optionalTimestamp(invitation.expires_at),
          resentAt: optionalTimestamp(invitation.resent_at),
          resentCount: invitation.resent_count,
        },
      }),
    ),
    ...userRoleMethods(memberships),
  ];
}

function userRoleMethods(memberships: MembershipService): Method[] {
  const reference = ({ organizationId, userId }: { organizationId: string; userId: string }) => ({
    organizationId: organizationOf({ organizationId }),
    user: { id: requireId('usr', userId, 'user_id') },
  });
  return [
    read(Rpc.method.listUserRoles, async (context, request) => ({
      roles: (await memberships.listRoles(context, reference(request))).map(assignedRoleMessage),
    })),
    changeRecord(
      Rpc.method.assignUserRoles,
      (context, request, preconditions) =>
        memberships.assignRoles(
          context,
          reference(request),
          checkRoles({ roles: request.roles.map(({ roleName }) => ({ role_name: roleName })) }).roles,
          preconditions,
          'roles.',
        ),
      ({ roles }) => ({ roles: roles.map(assignedRoleMessage) }),
    ),
    changeRecord(
      Rpc.method.removeUserRole,
      (context, request, preconditions) => memberships.removeRole(context, reference(request), request.roleName, preconditions),
      () => ({}),
    ),
    read(Rpc.method.listUserPermissions, async (context, request) => ({
      permissions: (await memberships.listPermissions(context, reference(request))).map(({ id, name, description }) => ({
        id,
        name,
        description,
      })),
    })),
  ];
}

function assignedRoleMessage({ id, name, display_name: displayName }: AssignedRole) {
  return { id, name, displayName };
}

/** The oneof by which messages name a user. */
type Identities = { case: 'id' | 'externalId'; value: string } | { case: undefined; value?: undefined };

/** How a message names a user; 400 names the field. */
function userReference(identities: Identities): RecordReference {
  if (identities.case === 'id') return { id: requireId('usr', identities.value) };
  if (identities.case === 'externalId') return externalKey(identities.value, undefined);
  throw invalid('id', 'is required, or external_id', 'required');
}

function organizationOf({ organizationId }: { organizationId: string }): string {
  return requireId('org', organizationId, 'organization_id');
}

function membershipReference(request: { organizationId: string; identities: Identities }) {
  return { organizationId: organizationOf(request), user: userReference(request.identities) };
}

function newMembership({
  roles,
  metadata,
  inviterEmail,
}: {
  roles: { name: string }[];
  metadata: Record<string, string>;
  inviterEmail?: string | undefined;
}) {
  const inviter = inviterEmail === undefined ? {} : { inviter_email: inviterEmail };
  // No roles were sent: the default role.
  const given = roles.length === 0 ? {} : { roles: roles.map(roleName) };
  return { ...given, metadata: checkTexts(metadata, 'membership.metadata'), ...inviter };
}

function roleName({ name }: { name: string }): { name: string } {
  if (name === '') throw invalid('roles', 'each must have a name', 'required');
  return { name };
}

/** The texts of a profile, under the names that messages and bodies have for them. */
const profileTexts = [
  ['givenName', 'given_name'],
  ['familyName', 'family_name'],
  ['firstName', 'first_name'],
  ['lastName', 'last_name'],
  ['name', 'name'],
  ['locale', 'locale'],
  ['phoneNumber', 'phone_number'],
  ['preferredUsername', 'preferred_username'],
  ['picture', 'picture'],
  ['gender', 'gender'],
] as const;

type ProfileMessage = Partial<Record<(typeof profileTexts)[number][0], string | undefined>> & {
  groups: string[];
  customAttributes: Record<string, string>;
  metadata: Record<string, string>;
};

/** The profile of a new user: what is empty was not sent. */
function newProfile(message: ProfileMessage) {
  const texts = profileTexts.map(([from, to]) => [to, message[from] || undefined] as const);
  return withLists(texts, message, { metadata: checkTexts(message.metadata, 'user_profile.metadata') });
}

/** The changes of a profile: a text that is there but empty clears. Its metadata goes its own way. */
function profilePatch(message: ProfileMessage) {
  return withLists(
    profileTexts.map(([from, to]) => [to, emptyClears(message[from])] as const),
    message,
    {},
  );
}

function withLists(texts: (readonly [string, string | null | undefined])[], { groups, customAttributes }: ProfileMessage, more: object) {
  const attributes = checkTexts(customAttributes, 'user_profile.custom_attributes', 'INVALID_ARGUMENT');
  const all = { ...Object.fromEntries(texts), groups: sent(groups), custom_attributes: sent(attributes), ...more };
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined));
}

const statuses: Record<Membership['membership_status'], MembershipStatus> = {
  ACTIVE: MembershipStatus.ACTIVE,
  INACTIVE: MembershipStatus.INACTIVE,
  PENDING_INVITE: MembershipStatus.PENDING_INVITE,
  INVITE_EXPIRED: MembershipStatus.INVITE_EXPIRED,
};

/** What tells of a message of a user how to complete it. */
interface UserMessage {
  memberships: { organizationId: string; roles: { id: string }[] }[];
}

/**
 * Adds to messages of users what is told there of the organization and the roles of a membership: its name, and what the person may do in it. Programs
 * authorize by these permissions: where they are missing, everything is denied. One statement for all that are answered together.
 */
function completion(service: MembershipService) {
  return async <Message extends UserMessage>(context: RequestContext, users: Message[]): Promise<Message[]> => {
    const memberships = users.flatMap((user) => user.memberships);
    const parts = memberships.map(({ organizationId, roles }) => ({
      organizationId: databaseId(organizationId),
      roleIds: roles.map(({ id }) => databaseId(id)),
    }));
    const descriptions = await service.describe(context, parts);
    descriptions.forEach(({ organizationName: name, permissions }, index) => {
      Object.assign(memberships[index] ?? {}, { name, displayName: name, permissions });
    });
    return users;
  };
}

/** A user as Scalekit's clients read them: metadata as texts, no fields of ours. */
function userMessage(user: User) {
  return {
    id: user.id,
    environmentId: user.environment_id,
    email: user.email,
    externalId: user.external_id ?? undefined,
    metadata: metadataAsText(user.metadata),
    userProfile: { id: user.id.replace(/^usr_/, 'usp_'), ...profileMessage(user.user_profile) },
    memberships: user.memberships.map(membershipMessage),
    createTime: timestamp(user.create_time),
    updateTime: timestamp(user.update_time),
  };
}

function profileMessage(profile: UserProfile) {
  const texts = profileTexts.map(([to, from]) => [to, profile[from] ?? '']);
  return {
    ...Object.fromEntries(texts),
    groups: profile.groups ?? [],
    customAttributes: profile.custom_attributes ?? {},
    metadata: metadataAsText(profile.metadata ?? {}),
  };
}

function membershipMessage(membership: Membership) {
  return {
    organizationId: membership.organization_id,
    membershipStatus: statuses[membership.membership_status],
    roles: membership.roles.map(assignedRoleMessage),
    metadata: metadataAsText(membership.metadata),
    inviterEmail: membership.inviter_email ?? undefined,
    joinTime: optionalTimestamp(membership.join_time),
    createdAt: timestamp(membership.create_time),
    acceptedAt: optionalTimestamp(membership.join_time),
    expiresAt: optionalTimestamp(membership.expires_at),
  };
}
