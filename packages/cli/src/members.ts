import type { Crosswalk, Membership } from '@crosswalk/sdk';
import type { Command } from 'commander';
import type { Cli, CommonOptions } from './cli.ts';
import { UsageError } from './exit.ts';
import { type ListOptions, printList, withPages } from './lists.ts';
import { collect, oneOf, wholeNumber } from './options.ts';
import { printMembership, printMembershipLine, safe } from './print.ts';
import { type BodyOptions, bodyOf, type FieldOption, type JsonObject, unchecked, withBody } from './record-input.ts';
import { found, inOptions, matchOf, refuseOwnId, type UpsertMatch, upsertMatchOf, withUpsertMatch } from './records.ts';

/** How a membership is named: an organization and a user, each by its ID or by one of the owner's. */
export interface Pair {
  org?: string;
  orgExternalId?: string;
  orgSystem?: string;
  user?: string;
  userExternalId?: string;
  userSystem?: string;
  userEmail?: string;
}

type MemberOptions = CommonOptions &
  Pair &
  BodyOptions &
  Record<string, unknown> & { role?: string[]; roles?: boolean; invitation?: boolean; ifVersion?: number };

const statusField: FieldOption = { flag: '--status', path: ['membership_status'], description: 'ACTIVE or INACTIVE' };
const inviterField: FieldOption = { flag: '--inviter-email', path: ['inviter_email'], description: 'who invites, told in the invitation' };

export const statuses = ['ACTIVE', 'INACTIVE', 'PENDING_INVITE', 'INVITE_EXPIRED'] as const;

/** Adds the commands of memberships. */
export function addMembers(cli: Cli, parent: Command): void {
  const command = (usage: string, description: string) => withPair(cli.command(parent, usage, description));
  const writable = (of: Command, fields: readonly FieldOption[]) =>
    withBody(of, fields, { externalIds: false })
      .option('--role <name>', 'a role in the organization, replaces those that are there; repeatable', collect)
      .option('--no-roles', 'no role at all');
  const inviting = (of: Command) => of.option('--no-invitation', 'active at once, without an invitation by mail');
  const ifVersion = (of: Command) => of.option('--if-version <number>', 'only if it still has this version', wholeNumber(1));
  const show = (options: CommonOptions, membership: Membership) => cli.print(options, membership, () => printMembership(membership));

  command('get', 'show the membership of a user in an organization').action(async (options: MemberOptions) => {
    const crosswalk = cli.connect(options);
    const { organizationId, userId } = await idsOf(crosswalk, options);
    show(options, await crosswalk.membership.get(organizationId, userId));
  });

  withPages(command('list', 'list memberships, newest first: all, or those of an organization or a user'))
    .option('--status <status>', 'ACTIVE, INACTIVE, PENDING_INVITE or INVITE_EXPIRED')
    .option('--filter <condition>', 'such as: metadata.desk = "A7"')
    .action(async (options: ListOptions & Pair & { status?: string; filter?: string }) => {
      const crosswalk = cli.connect(options);
      const [organizationId, userId] = await Promise.all([organizationOf(crosswalk, options), userOf(crosswalk, options)]);
      const wanted = {
        ...(organizationId === undefined ? {} : { organizationId }),
        ...(userId === undefined ? {} : { userId }),
        ...(options.filter === undefined ? {} : { filter: options.filter }),
        ...(options.status === undefined ? {} : { status: oneOf('--status', options.status.toUpperCase(), statuses) }),
      };
      await printList(
        cli,
        options,
        async (page, signal) => {
          const answer = await crosswalk.membership.list({ ...page, ...wanted }, signal === undefined ? {} : { signal });
          return { items: answer.memberships, next: answer.next_page_token };
        },
        printMembershipLine,
      );
    });

  inviting(writable(command('create', 'make a user a member; invites them by mail unless told not to'), [inviterField])).action(
    async (options: MemberOptions) => {
      const crosswalk = cli.connect(options);
      const body = await memberBody(cli, options, [inviterField], { creates: true });
      const { organizationId, userId } = await idsOf(crosswalk, options);
      const { membership } = await inOptions([inviterField], crosswalk.membership.create(organizationId, userId, unchecked(body)));
      show(options, membership);
    },
  );

  ifVersion(writable(command('update', 'change a membership: fields that are not named stay'), [statusField])).action(
    async (options: MemberOptions) => {
      const crosswalk = cli.connect(options);
      const body = await memberBody(cli, options, [statusField]);
      if (Object.keys(body).length === 0) throw new UsageError('say what to change: --role, --status, --metadata or --data');
      const { organizationId, userId } = await idsOf(crosswalk, options);
      const update = crosswalk.membership.update(organizationId, userId, unchecked(body), matchOf(options));
      const { membership } = await inOptions([statusField], update);
      show(options, membership);
    },
  );

  const upserting = command('upsert', 'make a user a member, or change the membership');
  inviting(withUpsertMatch(ifVersion(writable(upserting, [statusField, inviterField])))).action(
    async (options: MemberOptions & UpsertMatch) => {
      const crosswalk = cli.connect(options);
      const match = upsertMatchOf(options);
      const body = await memberBody(cli, options, [statusField, inviterField]);
      const { organizationId, userId } = await idsOf(crosswalk, options);
      const upsert = crosswalk.membership.upsert(organizationId, userId, unchecked(body), match);
      const { membership, created } = await inOptions([statusField, inviterField], upsert);
      cli.print(options, { membership, created }, () => printMembership(membership));
      cli.say(`${created ? 'created' : 'updated'} ${membership.id}`);
    },
  );

  ifVersion(command('delete', 'end a membership; the user stays'))
    .option('--cascade', 'delete the user too if they have no other membership')
    .option('--yes', 'do not ask')
    .action(async (options: MemberOptions & { cascade?: boolean; yes?: boolean }) => {
      const crosswalk = cli.connect(options);
      const { organizationId, userId } = await idsOf(crosswalk, options);
      const what = `the membership of ${safe(userId)} in ${safe(organizationId)}`;
      await cli.confirm(`End ${what}${options.cascade ? ', and delete the user if it is their last' : ''}?`, options);
      await crosswalk.membership.delete(organizationId, userId, { ...matchOf(options), ...(options.cascade ? { cascade: true } : {}) });
      cli.print(options, { deleted: { organization_id: organizationId, user_id: userId } }, () => '');
      cli.say(`ended ${what}`);
    });
}

/** Adds the options that name an organization and a user. */
export function withPair(command: Command): Command {
  return command
    .option('--org <id>', 'the organization, by its Crosswalk ID')
    .option('--org-external-id <id>', 'or by an ID of your own')
    .option('--org-system <name>', 'the system that ID is of')
    .option('--user <id>', 'the user, by their Crosswalk ID')
    .option('--user-external-id <id>', 'or by an ID of your own')
    .option('--user-system <name>', 'the system that ID is of')
    .option('--user-email <address>', 'or by address');
}

async function memberBody(
  cli: Cli,
  options: MemberOptions,
  fields: readonly FieldOption[],
  how: { creates?: boolean } = {},
): Promise<JsonObject> {
  const { role, roles, invitation } = options;
  if (role !== undefined && roles === false) throw new UsageError('--role or --no-roles, not both');
  const named = { ...options, ...(typeof options.status === 'string' ? { status: options.status.toUpperCase() } : {}) };
  return {
    ...(await bodyOf(named, fields, cli.streams, how)),
    ...(role === undefined ? {} : { roles: role.map((name) => ({ name })) }),
    ...(roles === false ? { roles: [] } : {}),
    ...(invitation === false ? { send_invitation_email: false } : {}),
  };
}

async function idsOf(crosswalk: Crosswalk, pair: Pair): Promise<{ organizationId: string; userId: string }> {
  const [organizationId, userId] = await Promise.all([organizationOf(crosswalk, pair), userOf(crosswalk, pair)]);
  if (organizationId === undefined) throw new UsageError('name the organization with --org or --org-external-id');
  if (userId === undefined) throw new UsageError('name the user with --user, --user-external-id or --user-email');
  return { organizationId, userId };
}

/** The ID of the organization that is named; undefined when none is. */
export async function organizationOf(
  { organization }: Crosswalk,
  { org, orgExternalId, orgSystem: system }: Pair,
): Promise<string | undefined> {
  if (org !== undefined && orgExternalId !== undefined) throw new UsageError('--org or --org-external-id, not both');
  if (system !== undefined && orgExternalId === undefined) throw new UsageError('--org-system goes with --org-external-id');
  if (org !== undefined) refuseOwnId(org, '--org-external-id');
  if (orgExternalId === undefined) return org;
  return found(await organization.getByExternalId(orgExternalId, system === undefined ? {} : { system }), orgExternalId).id;
}

/** The ID of the user that is named; undefined when none is. */
export async function userOf({ user }: Crosswalk, pair: Pair): Promise<string | undefined> {
  const { user: id, userExternalId, userSystem: system, userEmail } = pair;
  if ([id, userExternalId, userEmail].filter((way) => way !== undefined).length > 1)
    throw new UsageError('only one of --user, --user-external-id and --user-email can be meant');
  if (system !== undefined && userExternalId === undefined) throw new UsageError('--user-system goes with --user-external-id');
  if (id !== undefined) refuseOwnId(id, '--user-external-id, an address with --user-email');
  if (userEmail !== undefined) return found(await user.getByEmail(userEmail), userEmail).id;
  if (userExternalId === undefined) return id;
  return found(await user.getByExternalId(userExternalId, system === undefined ? {} : { system }), userExternalId).id;
}
