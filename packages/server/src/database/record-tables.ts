import type { RecordKind } from '@crosswalk/contract';

/** SQL: the table of the records of each kind. */
export const tableOf: Record<RecordKind, string> = { organization: 'organizations', user: 'users' };
