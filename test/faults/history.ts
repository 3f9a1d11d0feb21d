import { appendFileSync, readFileSync, writeFileSync } from 'node:fs';

/** What clients do in an experiment. */
export type Kind =
  /** makes a record: the key is its external ID, the answer's value its ID */
  | 'create'
  /** merges one field of metadata into a record: the key is its ID, the value `{field: value}`, the answer's value all metadata */
  | 'merge'
  /** reads a record: the key is its ID, the answer's value all metadata */
  | 'read';

/** What a client knows of an operation in the end. */
export interface Ending {
  /**
   * `ok`: acknowledged. `failed`: it had no effect (refused for what it asks, or never sent). `unknown`: it may have had its effect, as the
   * connection broke, or as the database was away when it was to commit.
   */
  outcome: 'ok' | 'failed' | 'unknown';
  /** the status of the answer; undefined without an answer */
  status?: number;
  /** the Retry-After of the answer */
  retryAfter?: string;
  /** ID of the record: the one made, or the holder that a conflict names */
  id?: string;
  /** version of the record after the operation */
  version?: number;
  /** metadata of the record after the operation */
  value?: Record<string, unknown>;
  /** what went wrong, for people */
  reason?: string;
}

/** One operation of one client. Times are milliseconds of one monotonic clock. */
export interface Operation extends Ending {
  number: number;
  kind: Kind;
  key: string;
  /** what is written; undefined for a read */
  wanted?: Record<string, unknown>;
  /** Idempotency-Key */
  idempotencyKey?: string;
  invoked: number;
  /** Infinity for an operation that was never answered */
  ended: number;
}

/** An operation under way. */
export type Invocation = Pick<Operation, 'kind' | 'key'> & Partial<Pick<Operation, 'wanted' | 'idempotencyKey'>>;

/**
 * What all clients of an experiment did, in a file outside the server: a line when an operation begins and one when it ends, with wall and
 * monotonic time. What the checkers see is read from that file.
 */
export class History {
  readonly #path: string;
  #count = 0;
  #acknowledged = 0;
  #refused = 0;
  #isOver = false;

  constructor(path: string) {
    this.#path = path;
    writeFileSync(path, '');
  }

  /** How many operations were acknowledged until now. */
  get acknowledged(): number {
    return this.#acknowledged;
  }

  /** How many were answered with an error. */
  get refused(): number {
    return this.#refused;
  }

  /** Whether the experiment has ended: clients that it left at work stop then, and nothing more is noted. */
  get isOver(): boolean {
    return this.#isOver;
  }

  end(): void {
    this.#isOver = true;
  }

  /** Notes the beginning of an operation; what it returns notes its end. */
  begin(invocation: Invocation): (ending: Ending) => void {
    this.#count += 1;
    const number = this.#count;
    this.#write({ number, phase: 'invoked', ...invocation });
    return ({ outcome, ...rest }) => {
      if (outcome === 'ok') this.#acknowledged += 1;
      else if (rest.status !== undefined) this.#refused += 1;
      this.#write({ number, phase: outcome, ...rest });
    };
  }

  /** Does an operation and notes its beginning and end. */
  async note(invocation: Invocation, act: () => Promise<Ending>): Promise<Ending> {
    const end = this.begin(invocation);
    const ending = await act();
    end(ending);
    return ending;
  }

  /** All operations until now, in the order in which they began. */
  operations(): Operation[] {
    return parseHistory(readFileSync(this.#path, 'utf8'));
  }

  // Written at once: what a later fault of ours would lose is what a checker needs.
  #write(line: object): void {
    if (this.#isOver) return;
    appendFileSync(this.#path, `${JSON.stringify({ wall: new Date().toISOString(), monotonic: performance.now(), ...line })}\n`);
  }
}

/**
 * The operations of a history file: the lines of beginnings and ends put together. A last line without its end was being written when whoever
 * wrote it was killed or its disk was full: it says nothing.
 */
export function parseHistory(text: string): Operation[] {
  const operations = new Map<number, Operation>();
  for (const line of text.split('\n').slice(0, -1)) {
    const { phase, monotonic, wall: _wall, ...rest } = JSON.parse(line);
    const begun = operations.get(rest.number);
    if (phase === 'invoked')
      operations.set(rest.number, { ...rest, outcome: 'unknown', invoked: monotonic, ended: Number.POSITIVE_INFINITY });
    else if (begun !== undefined) Object.assign(begun, rest, { outcome: phase, ended: monotonic });
  }
  return [...operations.values()];
}
