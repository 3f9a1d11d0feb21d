import type { InvitationSettings as Settings } from '@crosswalk/sdk';

/** Whether two parts of the settings say the same. */
export function isSame(one: unknown, other: unknown): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}

/**
 * The version that a change of a part of the settings is for: the newest, unless somebody else changed that part since `base` was read.
 * Settings and templates are one record and are written by two forms.
 */
export function versionFor(newest: Settings, base: Settings | undefined, partOf: (settings: Settings) => unknown): number {
  return base === undefined || isSame(partOf(newest), partOf(base)) ? newest.version : base.version;
}
