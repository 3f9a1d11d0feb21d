import {
  ConflictError,
  ConnectionError,
  type Crosswalk,
  CrosswalkError,
  NotFoundError,
  type ResolveMatch,
  ValidationError,
} from '@crosswalk/sdk';
import type { Credentials } from '../connect.ts';
import { reasonOf } from '../errors.ts';

/** The system name under which records keep their IDs of Scalekit. */
export const system = 'scalekit';

/** Why a record cannot be imported, told by us rather than by Crosswalk. */
export class Refusal extends Error {}

/** Why Crosswalk does not take one record; undefined when the failure is not of this record, and would meet every other too. */
export function refusalOf(error: unknown): string | undefined {
  const kinds = [Refusal, ConflictError, ValidationError, NotFoundError];
  return error instanceof Error && kinds.some((kind) => error instanceof kind) ? error.message : undefined;
}

/** Whether a failure is Crosswalk's, with this code of its catalogue. */
export function hasCode(error: unknown, code: string): boolean {
  return error instanceof CrosswalkError && error.errorCode === code;
}

/** The record of a look-up; undefined when there is none. */
export async function found<RecordType>(lookUp: Promise<RecordType>): Promise<RecordType | undefined> {
  try {
    return await lookUp;
  } catch (error) {
    if (error instanceof NotFoundError) return undefined;
    throw error;
  }
}

/** What went wrong at Crosswalk, and where. */
export function targetError({ url }: Credentials, error: CrosswalkError): string {
  if (error instanceof ConnectionError)
    return `${url} cannot be reached (${reasonOf(error)}): check CROSSWALK_ENVIRONMENT_URL and the network`;
  const request = error.requestId === undefined ? '' : ` [request ${error.requestId}, ${error.errorCode}]`;
  if (error.status === 401)
    return `${url} refuses the client: check CROSSWALK_CLIENT_ID and CROSSWALK_CLIENT_SECRET (${error.message})${request}`;
  return `${url}: ${error.message}${request}`;
}

/** IDs in one call of resolve. */
const batch = 1000;

/** One question about who has an ID. */
export interface Question {
  kind: ResolveMatch['kind'];
  value: string;
  /** `scalekit`; left out: the primary external ID, or an address */
  system?: typeof system;
}

/** Answers about who has which ID, of one page of records. */
export class Holders {
  readonly #matches: ReadonlyMap<string, ResolveMatch[]>;

  private constructor(matches: ReadonlyMap<string, ResolveMatch[]>) {
    this.#matches = matches;
  }

  /** Asks all at once, in batches. */
  static async ask(crosswalk: Crosswalk, questions: readonly Question[]): Promise<Holders> {
    // A value that no record can have is no question.
    const asked = [...new Map(questions.filter(({ value }) => value !== '' && value.length <= 255).map((one) => [keyOf(one), one]))];
    const matches = new Map<string, ResolveMatch[]>();
    for (let from = 0; from < asked.length; from += batch) {
      const some = asked.slice(from, from + batch);
      const results = await crosswalk.resolve(some.map(([, question]) => question));
      for (const [index, [key]] of some.entries()) matches.set(key, results[index]?.matches ?? []);
    }
    return new Holders(matches);
  }

  /** The Crosswalk ID of the record that has an ID of Scalekit. */
  imported(kind: Question['kind'], value: string): string | undefined {
    const match = this.#imported(kind, value);
    return match?.matched_by === 'alias' ? undefined : match?.id;
  }

  /** As `imported`, for the record that is to be written: a `Refusal` when a record had this ID of Scalekit and has another now. */
  toWrite(kind: Question['kind'], value: string): string | undefined {
    const match = this.#imported(kind, value);
    if (match?.matched_by !== 'alias') return match?.id;
    const now = match.external_id === null ? 'none' : match.external_id;
    throw new Refusal(`external_ids.${system}: ${match.id} had this ID and has ${now} now; put it back, or delete that record`);
  }

  #imported(kind: Question['kind'], value: string): ResolveMatch | undefined {
    return this.#matches.get(keyOf({ kind, value, system }))?.[0];
  }

  /** Throws a `Refusal` when another record than `own` has this primary external ID or address. */
  requireFree(question: Question, own: string | undefined, field: 'external_id' | 'email'): void {
    const holder = (this.#matches.get(keyOf(question)) ?? []).find(
      ({ matched_by: how, system: of }) => how === field && (how === 'email' || of === null),
    );
    if (holder !== undefined && holder.id !== own) throw new Refusal(`${field}: another ${question.kind} (${holder.id}) has this ${field}`);
  }
}

function keyOf({ kind, value, system: of }: Question): string {
  return `${kind} ${of ?? ''} ${value}`;
}
