// Without the schemas: the command has them from here.

/** The kinds of rows, in the order in which an export has them. */
export const transferKinds = ['permission', 'role', 'organization', 'user', 'membership'] as const;
export type TransferKind = (typeof transferKinds)[number];

/** The kinds of rows that an import takes, in any order: those that people bring most come first. */
export const rowKinds = ['organization', 'user', 'membership', 'role', 'permission'] as const;
