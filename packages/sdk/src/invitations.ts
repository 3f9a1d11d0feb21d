import type {
  Invitation,
  InvitationPreview,
  InvitationSettings,
  InvitationState,
  PreviewInvitation,
  UpdateInvitationSettings,
} from '@crosswalk/contract';
import type { Either } from './case.ts';
import { type Address, addressOf, type RecordName, segment } from './identifiers.ts';
import { type OptionNames, readOptions } from './options.ts';
import { List, type PageInfo, type PageOptions, pageNames } from './pages.ts';
import type { CallOptions, ChangeOptions, Connection } from './request.ts';

const organizations = '/api/v1/organizations';
const settingsPath = '/api/v1/invitation-settings';

/** One page of invitations. */
export interface InvitationPage extends PageInfo {
  invitations: Invitation[];
}

/** Which invitations a list has. */
export interface InvitationsOptions extends PageOptions {
  /** only those in this state */
  state?: InvitationState;
}

const invitationsNames: OptionNames<InvitationsOptions> = { state: true, ...pageNames };

/** Invitations, which begin with a membership that is to be accepted: `user.createUserAndMembership`, `membership.create`. */
export class Invitations {
  readonly #connection: Connection;

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  /** The invitation; a `NotFoundError` if the membership began without one. */
  get(organizationId: string, user: RecordName, options?: CallOptions): Promise<Invitation> {
    return this.#one({ method: 'GET', ...invitationIn(organizationId, user), options });
  }

  /** Those to an organization, newest first, all or those in one state. */
  list(organization: RecordName, wanted: InvitationsOptions = {}, options?: CallOptions): List<InvitationPage, Invitation> {
    return this.#list(addressOf(organizations, 'organization', organization, 'invitations'), wanted, options);
  }

  /** Those to every organization, newest first, all or those in one state. */
  listAll(wanted: InvitationsOptions = {}, options?: CallOptions): List<InvitationPage, Invitation> {
    return this.#list({ path: '/api/v1/invitations', query: {} }, wanted, options);
  }

  /** Sends it again with a new link; one that has expired gets a new end. A `ValidationError` when it was accepted or revoked. */
  async resend(organizationId: string, user: RecordName, options?: ChangeOptions): Promise<Invitation> {
    const { invite } = await this.#connection.call<{ invite: Invitation }>(
      { method: 'PATCH', ...invitationIn(organizationId, user, 'resend'), body: {}, takes: 'change', options },
      'invite',
    );
    return invite;
  }

  /** Takes it back: its links open nothing any more, and the membership is INACTIVE. A `ValidationError` when it was accepted. */
  revoke(organizationId: string, user: RecordName, options?: ChangeOptions): Promise<Invitation> {
    return this.#one({ method: 'POST', ...invitationIn(organizationId, user, 'revoke'), body: {}, takes: 'change', options });
  }

  /** Accepts it for the person, who has proved to you that it is them. A `ValidationError` unless it is open. */
  accept(organizationId: string, user: RecordName, options?: ChangeOptions): Promise<Invitation> {
    return this.#one({ method: 'POST', ...invitationIn(organizationId, user, 'accept'), body: {}, takes: 'change', options });
  }

  /** What the invitations of the environment are like. */
  async getSettings(options?: CallOptions): Promise<InvitationSettings> {
    const { settings } = await this.#connection.call<{ settings: InvitationSettings }>(
      { method: 'GET', path: settingsPath, options },
      'settings',
    );
    return settings;
  }

  /** Changes what is given; null is the default again. Templates that are not named stay. */
  async updateSettings(changes: Either<UpdateInvitationSettings>, options?: ChangeOptions): Promise<InvitationSettings> {
    const { settings } = await this.#connection.call<{ settings: InvitationSettings }>(
      { method: 'PATCH', path: settingsPath, body: changes, takes: 'change', options },
      'settings',
    );
    return settings;
  }

  /** The mail as it would be sent, by the template that is given or by the one that would be used. Nothing is sent. */
  async preview(request: Either<PreviewInvitation> = {}, options?: CallOptions): Promise<InvitationPreview> {
    const path = `${settingsPath}:preview`;
    const { preview } = await this.#connection.call<{ preview: InvitationPreview }>(
      { method: 'POST', path, body: request, options },
      'preview',
    );
    return preview;
  }

  #list({ path, query }: Address, wanted: InvitationsOptions, options: CallOptions | undefined): List<InvitationPage, Invitation> {
    const { state, pageSize, pageToken } = readOptions(wanted, invitationsNames);
    return new List<InvitationPage, Invitation>(
      (token) =>
        this.#connection.call(
          { method: 'GET', path, query: { ...query, state, page_size: pageSize, page_token: token }, options },
          'invitations',
        ),
      (page) => page.invitations,
      pageToken,
    );
  }

  async #one(call: Parameters<Connection['call']>[0]): Promise<Invitation> {
    const { invitation } = await this.#connection.call<{ invitation: Invitation }>(call, 'invitation');
    return invitation;
  }
}

/** Where the invitation of a user to an organization is, or what can be done with it. */
export function invitationIn(organizationId: string, user: RecordName, part?: string): Address {
  return addressOf(`/api/v1/invites/organizations/${segment('organizationId', organizationId)}/users`, 'user', user, part);
}
