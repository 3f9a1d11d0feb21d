import type {
  ApplicationSessionPolicy,
  Organization,
  OrganizationSettings,
  UpdateOrganizationSettings,
  UpdateSessionPolicy,
  UpsertUserManagementSettings,
} from '@crosswalk/contract';
import type pg from 'pg';
import type { RequestContext } from '../environments/index.ts';
import { appendEvents, eventOf } from '../events/index.ts';
import { notFound, type RecordReference, resolveReference } from '../external-ids/index.ts';
import { inChange } from '../idempotency/index.ts';
import type { IdGenerator } from '../lib/id.ts';
import { type Preconditions, requireVersion } from '../lib/preconditions.ts';
import type { OrganizationService } from './organization-service.ts';
import { applicationSessionPolicy, patchFeatures, patchSessionPolicy, patchUserManagement } from './organization-settings.ts';
import { updateSettings } from './organization-settings-store.ts';
import { lockOrganization } from './organization-store.ts';

/**
 * The use cases of an organization's settings. They are a part of the organization: each change raises its version
 * and is an event of it, in one transaction, and the version guards them too.
 */
export class OrganizationSettingsService {
  readonly #pool: pg.Pool;
  readonly #ids: IdGenerator;
  readonly #organizations: OrganizationService;

  constructor({ pool, ids, organizations }: { pool: pg.Pool; ids: IdGenerator; organizations: OrganizationService }) {
    this.#pool = pool;
    this.#ids = ids;
    this.#organizations = organizations;
  }

  /** The organization, which has its settings; 404 if there is none. */
  async get(context: RequestContext, reference: RecordReference): Promise<Organization> {
    const { record } = await this.#organizations.get(context, reference);
    return record;
  }

  /** The session policy of the environment, asked for by way of one of its organizations; 404 if there is none. */
  async getApplicationSessionPolicy(context: RequestContext, reference: RecordReference): Promise<ApplicationSessionPolicy> {
    await this.#organizations.get(context, reference);
    return applicationSessionPolicy;
  }

  /** Switches features on and off. */
  updateFeatures(context: RequestContext, reference: RecordReference, body: UpdateOrganizationSettings, preconditions: Preconditions) {
    return this.#change(context, reference, preconditions, (before) => ({ ...before, features: patchFeatures(before.features, body) }));
  }

  /** Sets how many users the organization may have. Those it has stay, however many they are. */
  upsertUserManagement(
    context: RequestContext,
    reference: RecordReference,
    body: UpsertUserManagementSettings,
    preconditions: Preconditions,
  ) {
    return this.#change(context, reference, preconditions, (before) => ({
      ...before,
      user_management: patchUserManagement(before.user_management, body),
    }));
  }

  /** Sets when sessions of the organization's users end; 400 when the timeouts contradict each other. */
  updateSessionPolicy(context: RequestContext, reference: RecordReference, body: UpdateSessionPolicy, preconditions: Preconditions) {
    return this.#change(context, reference, preconditions, (before) => ({
      ...before,
      session_policy: patchSessionPolicy(before.session_policy, body),
    }));
  }

  async #change(
    context: RequestContext,
    reference: RecordReference,
    preconditions: Preconditions,
    patch: (before: OrganizationSettings) => OrganizationSettings,
  ): Promise<Organization> {
    const { environmentId } = context;
    return inChange(this.#pool, context, async (tx) => {
      const id = await resolveReference(tx, environmentId, 'organization', reference);
      const before = await lockOrganization(tx, environmentId, id);
      if (before === undefined) throw notFound('organization', reference);
      requireVersion(preconditions, before);
      const after = await updateSettings(tx, environmentId, id, patch(before.settings));
      if (after === undefined) return before;
      await appendEvents(tx, context, this.#ids, [eventOf('organization.updated', 'organization', before, after)]);
      return after;
    });
  }
}
