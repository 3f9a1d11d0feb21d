import type { Membership, Metadata } from '@crosswalk/contract';
import type { Alias, Holder, SystemIds } from '../external-ids/index.ts';
import type { OrganizationState } from '../organizations/index.ts';
import type { UserState } from '../users/index.ts';
import { textOf } from './batch.ts';

/*
 * What a row notes of the time before it, for its undo. `version` is the one the record had; null: the row made the record. The state is
 * kept whole rather than read from the event: events may be purged first, and tell a null from an absence in no way.
 */

interface Before {
  version: number | null;
}

export interface UserRestore extends Before {
  state?: Omit<UserState, 'id'>;
  /** aliases that the row claimed */
  aliases?: Alias[];
}

export interface OrganizationRestore extends Before {
  state?: Omit<OrganizationState, 'id'>;
  aliases?: Alias[];
  /** database IDs of domains that the row added */
  domains?: string[];
}

export interface MembershipRestore extends Before {
  state?: MembershipBefore;
}

/** A membership as it was. Times are ISO 8601. */
export interface MembershipBefore {
  status: Membership['membership_status'];
  roles: string[];
  metadata: Metadata;
  inviterEmail: string | null;
  joinTime: string | null;
  expireTime: string | null;
}

export interface RoleRestore extends Before {
  state?: { display_name: string; description: string; baseId: string | null; permissionIds: string[] };
  /** the roles (database IDs) that were the defaults which the row made its own role; null: an organization had none of its own */
  creator?: string;
  member?: string | null;
}

export interface PermissionRestore extends Before {
  state?: { description: string };
}

/** What a row of any kind notes. */
export type Restore = UserRestore | OrganizationRestore | MembershipRestore | RoleRestore | PermissionRestore;

/** The aliases that a record claims by getting other external IDs. */
export function claimedAliases(holders: ReadonlyMap<string, Holder>, before: SystemIds, after: SystemIds): Alias[] {
  return [...after].flatMap(([system, value]) => {
    const holder = before.get(system) === value ? undefined : holders.get(textOf({ system, value }));
    return holder?.aliasUntil == null ? [] : [{ system, value, recordId: holder.recordId, until: holder.aliasUntil }];
  });
}
