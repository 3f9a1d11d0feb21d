import { isDeepStrictEqual } from 'node:util';
import type { InvitationPreview, InvitationSettings, PreviewInvitation, UpdateInvitationSettings } from '@crosswalk/contract';
import type pg from 'pg';
import type { RequestContext } from '../environments/index.ts';
import { appendEvents, eventOf } from '../events/index.ts';
import { notFound } from '../external-ids/index.ts';
import { inChange } from '../idempotency/index.ts';
import { formatId, type IdGenerator, requireId } from '../lib/id.ts';
import { type Preconditions, requireVersion } from '../lib/preconditions.ts';
import { fill, type InvitationFacts, invitationMail } from './invitation-mail.ts';
import { checkInvitationTemplate, checkLocale, patchSettings, settingsOf } from './invitation-settings.ts';
import { findSettings, lockSettings, type StoredSettings, updateSettings } from './invitation-settings-store.ts';
import { invitationUrl } from './invitation-writer.ts';
import { findPreviewNames } from './link-store.ts';

const dayMilliseconds = 24 * 3600 * 1000;

/** The use cases of the settings of invitations, which an environment has once. Each change and its event are one transaction. */
export class InvitationSettingsService {
  readonly #pool: pg.Pool;
  readonly #ids: IdGenerator;
  readonly #publicUrl: string;

  constructor({ pool, ids, publicUrl }: { pool: pg.Pool; ids: IdGenerator; publicUrl: string }) {
    this.#pool = pool;
    this.#ids = ids;
    this.#publicUrl = publicUrl;
  }

  /** The settings; what was never set shows what holds then. */
  async get({ environmentId }: RequestContext): Promise<InvitationSettings> {
    return settingsOf(await findSettings(this.#pool, environmentId));
  }

  /** Changes what the body names; null is the default again. Invitations that are open keep their end. */
  update(context: RequestContext, body: UpdateInvitationSettings, preconditions: Preconditions): Promise<InvitationSettings> {
    const { environmentId } = context;
    return inChange(this.#pool, context, async (tx) => {
      const record = (settings: StoredSettings) => ({ id: formatId('env', environmentId), ...settingsOf(settings) });
      const before = await lockSettings(tx, environmentId);
      requireVersion(preconditions, record(before));
      const wanted = patchSettings(before, body);
      if (isDeepStrictEqual(wanted, before)) return settingsOf(before);
      const after = await updateSettings(tx, environmentId, wanted);
      await appendEvents(tx, context, this.#ids, [
        eventOf('invitation_settings.updated', 'invitation_settings', record(before), record(after)),
      ]);
      return settingsOf(after);
    });
  }

  /** A mail as it would be sent now, by a given template or by those there are, with names given or made up. 404 for IDs of nothing. */
  async preview({ environmentId }: RequestContext, body: PreviewInvitation): Promise<InvitationPreview> {
    const { template, locale, organization_id: organization, user_id: user } = body;
    if (template !== undefined) checkInvitationTemplate(template, 'template.');
    if (locale !== undefined) checkLocale(locale, 'locale');
    const organizationId = organization === undefined ? null : requireId('org', organization, 'organization_id');
    const userId = user === undefined ? null : requireId('usr', user, 'user_id');
    const settings = await findSettings(this.#pool, environmentId);
    const names = await findPreviewNames(this.#pool, environmentId, { organizationId, userId });
    if (organizationId !== null && names.organizationName === null) throw notFound('organization', { id: organizationId });
    if (userId !== null && names.email === null) throw notFound('user', { id: userId });
    const facts: InvitationFacts = {
      organizationName: names.organizationName ?? 'Acme Corporation',
      inviteeEmail: names.email ?? 'ada@example.com',
      inviteeName: userId === null ? 'Ada Lovelace' : names.name,
      inviterEmail: 'grace@example.com',
      senderName: settings.senderName,
      acceptUrl: invitationUrl(this.#publicUrl, 'preview'),
      expiresAt: new Date(Date.now() + settingsOf(settings).invitation_days * dayMilliseconds),
    };
    if (template !== undefined) return fill(template, facts, locale ?? settingsOf(settings).locale);
    return invitationMail(facts, settings, locale ?? names.locale);
  }
}
