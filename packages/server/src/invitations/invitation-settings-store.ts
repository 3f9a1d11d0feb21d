import type { InvitationTemplate } from '@crosswalk/contract';
import type { Queryable } from '../database/connection.ts';

/** The settings of an environment as they are stored; null: not set. */
export interface StoredSettings {
  applicationUrl: string | null;
  days: number | null;
  senderName: string | null;
  locale: string | null;
  templates: Record<string, InvitationTemplate>;
  version: number;
  /** null: nothing was ever set */
  updateTime: string | null;
}

export interface SettingsRow {
  application_url: string | null;
  invitation_days: number | null;
  sender_name: string | null;
  settings_locale: string | null;
  templates: Record<string, InvitationTemplate> | null;
  settings_version: string | null;
  settings_update_time: string | null;
}

/** SQL: the columns of settings under a name of the table; all null where there is no row. */
export function columnsOf(table: string): string {
  return `${table}.application_url, ${table}.invitation_days, ${table}.sender_name, ${table}.locale as settings_locale, ${table}.templates,
    ${table}.version as settings_version, ${table}.update_time as settings_update_time`;
}

export function toStored(row: SettingsRow): StoredSettings {
  return {
    applicationUrl: row.application_url,
    days: row.invitation_days,
    senderName: row.sender_name,
    locale: row.settings_locale,
    templates: row.templates ?? {},
    version: Number(row.settings_version ?? 1),
    updateTime: row.settings_update_time,
  };
}

const unset: StoredSettings = {
  applicationUrl: null,
  days: null,
  senderName: null,
  locale: null,
  templates: {},
  version: 1,
  updateTime: null,
};

/** The settings of an environment. */
export async function findSettings(db: Queryable, environmentId: string): Promise<StoredSettings> {
  const { rows } = await db.query<SettingsRow>({
    name: 'find-invitation-settings',
    text: `select ${columnsOf('t')} from invitation_settings t where t.environment_id = $1`,
    values: [environmentId],
  });
  return rows.map(toStored)[0] ?? unset;
}

/** The settings of an environment, locked until the transaction ends; their row is made when it is not there. */
export async function lockSettings(tx: Queryable, environmentId: string): Promise<StoredSettings> {
  await tx.query('insert into invitation_settings (environment_id) values ($1) on conflict do nothing', [environmentId]);
  const { rows } = await tx.query<SettingsRow>(
    `select ${columnsOf('t')} from invitation_settings t where t.environment_id = $1 for update`,
    [environmentId],
  );
  const [row] = rows;
  if (row === undefined) throw new Error('settings that were made vanished');
  return toStored(row);
}

/** Sets locked settings and raises their version. */
export async function updateSettings(
  tx: Queryable,
  environmentId: string,
  { applicationUrl, days, senderName, locale, templates }: StoredSettings,
): Promise<StoredSettings> {
  const { rows } = await tx.query<SettingsRow>(
    `update invitation_settings t set application_url = $2, invitation_days = $3, sender_name = $4, locale = $5, templates = $6,
       version = t.version + 1, update_time = now()
     where t.environment_id = $1 returning ${columnsOf('t')}`,
    [environmentId, applicationUrl, days, senderName, locale, JSON.stringify(templates)],
  );
  const [row] = rows;
  if (row === undefined) throw new Error('locked settings vanished');
  return toStored(row);
}
