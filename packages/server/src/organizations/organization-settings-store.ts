import type { Organization, OrganizationSettings } from '@crosswalk/contract';
import type { Queryable } from '../database/connection.ts';
import { columnsOf } from './organization-settings.ts';
import { columns, type OrganizationRow, toOrganization } from './organization-store.ts';

/** Sets the settings of a locked organization, and raises its version; undefined if that changes nothing. */
export async function updateSettings(
  tx: Queryable,
  environmentId: string,
  id: string,
  settings: OrganizationSettings,
): Promise<Organization | undefined> {
  const set = columnsOf(settings);
  const { rows } = await tx.query<OrganizationRow>({
    name: 'update-organization-settings',
    text: `update organizations t set sso_enabled = $3, dir_sync_enabled = $4, max_allowed_users = $5, session_policy_source = $6,
             absolute_session_timeout = $7, idle_session_timeout_enabled = $8, idle_session_timeout = $9,
             version = t.version + 1, update_time = now()
           where t.environment_id = $1 and t.id = $2
             and (t.sso_enabled, t.dir_sync_enabled, t.max_allowed_users, t.session_policy_source, t.absolute_session_timeout,
               t.idle_session_timeout_enabled, t.idle_session_timeout) is distinct from ($3, $4, $5, $6, $7, $8, $9)
           returning ${columns}`,
    values: [
      environmentId,
      id,
      set.sso_enabled,
      set.dir_sync_enabled,
      set.max_allowed_users,
      set.session_policy_source,
      set.absolute_session_timeout,
      set.idle_session_timeout_enabled,
      set.idle_session_timeout,
    ],
  });
  return rows.map(toOrganization)[0];
}
