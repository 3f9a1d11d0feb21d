import type { History } from './history.ts';
import type { Installation, InstallationOptions } from './installation.ts';

/** One fault, done to an installation under load, as often as it is asked for. */
export interface Experiment {
  /** as docs/reliability.md names it; several may have one */
  name: string;
  /** what is done, for the table */
  what: string;
  /** how often, unless asked otherwise */
  rounds: number;
  /** Does it. What it throws is a failure too, but for `Skipped`. */
  run(setting: Setting): Promise<Result>;
}

/** What an experiment has to work with: all of it its own, and removed afterwards. */
export interface Setting {
  rounds: number;
  /** whole numbers from 1 to a maximum, the same ones for the same seed */
  random: (max: number) => number;
  /** what clients do goes here */
  history: History;
  /** Every user may enter it. */
  directory: string;
  /** Starts servers that are stopped afterwards, whatever happens. */
  install(options: Omit<InstallationOptions, 'directory'> & { directory?: string }): Promise<Installation>;
  /** Is called afterwards, whatever happens; the last one first, but after the servers. */
  afterwards(undo: () => Promise<void>): void;
}

/** What came of it. */
export interface Result {
  /** promises that were broken, a line each */
  problems: string[];
  /** from the fault to the first answer that acknowledges something, of the slowest round; undefined where nothing has to recover. Milliseconds. */
  recovery?: number;
  /** a figure worth keeping, for people */
  note?: string;
}

/** The machine does not let the experiment be done; the message says why. */
export class Skipped extends Error {
  override readonly name = 'Skipped';
}

/** Pauses. */
export function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
