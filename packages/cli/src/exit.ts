import type { CrosswalkError } from '@crosswalk/sdk';

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

/** A failure of a call, told in the words of the command: it names options and lines of the file where the API names fields. */
export class Reworded extends Error {
  readonly failure: CrosswalkError;

  constructor(message: string, failure: CrosswalkError) {
    super(message);
    this.failure = failure;
  }
}

/** Ends the command with a status, when all there is to say has been said. */
export class Ended extends Error {
  readonly status: number;

  constructor(status: number) {
    super(`ended with status ${status}`);
    this.status = status;
  }
}
