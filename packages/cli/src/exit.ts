/** Exit statuses of the command. */
export const exitStatus = {
  ok: 0,
  /** the command failed */
  failed: 1,
  /** it was called wrongly */
  usage: 2,
  /** it did what it should, but for some records */
  partial: 3,
  /** it was stopped by Ctrl-C: 128 and the number of the signal */
  interrupted: 130,
} as const;

/** A mistake in how the command was called; the message tells how to call it. */
export class UsageError extends Error {}

/** Ends the command with a status, when all there is to say has been said. */
export class Ended extends Error {
  readonly status: number;

  constructor(status: number) {
    super(`ended with status ${status}`);
    this.status = status;
  }
}
