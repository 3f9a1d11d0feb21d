/** Exit statuses of the command. */
export const exitStatus = {
  ok: 0,
  /** the command failed */
  failed: 1,
  /** it was called wrongly */
  usage: 2,
} as const;

/** A mistake in how the command was called; the message tells how to call it. */
export class UsageError extends Error {}
