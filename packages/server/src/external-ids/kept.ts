import type { RecordKind } from '@crosswalk/contract';
import type { Queryable } from '../database/connection.ts';
import type { Keeping } from '../database/reads.ts';
import type { KeptAnswer } from '../database/record-cache.ts';
import { databaseId } from '../lib/id.ts';
import type { ExternalKey, Found } from './external-id.ts';

/** How the answer to a look-up of a kind of record is made, and read again. */
export interface AnswerForm<RecordType> {
  kind: RecordKind;
  make(found: Found<RecordType>): { body: object; tag: string };
  /** the record in such a body, as JSON */
  read(body: string): RecordType;
}

/** A record whose answer is ready; it is read out of that for who wants the record itself. */
class KeptRecord<RecordType> implements Found<RecordType> {
  readonly answer: KeptAnswer;
  readonly #read: (body: string) => RecordType;

  constructor(answer: KeptAnswer, read: (body: string) => RecordType) {
    this.answer = answer;
    this.#read = read;
  }

  get matchedBy() {
    return this.answer.matchedBy;
  }

  get record() {
    return this.#read(this.answer.body);
  }
}

/** What names a record by itself: database IDs. */
interface IdKey {
  environmentId: string;
  id: string;
}

/** Look-ups of records by database ID, as those by external ID answer. */
export function foundById<RecordType>(find: (db: Queryable, keys: readonly IdKey[]) => Promise<readonly (RecordType | undefined)[]>) {
  return async (db: Queryable, keys: readonly IdKey[]): Promise<(Found<RecordType> | undefined)[]> => {
    const records = await find(db, keys);
    return records.map((record) => (record === undefined ? undefined : { record, matchedBy: 'id' }));
  };
}

/** How look-ups by database ID are kept. */
export function keptById<RecordType extends { id: string }>(form: AnswerForm<RecordType>): Keeping<IdKey, Found<RecordType> | undefined> {
  return { nameOf: ({ id }) => `${form.kind} ${id}`, ...keeping(form) };
}

/** How look-ups by external ID are kept. */
export function keptByExternalId<RecordType extends { id: string }>(
  form: AnswerForm<RecordType>,
): Keeping<ExternalKey, Found<RecordType> | undefined> {
  // No system and no ID has a NUL in it.
  return { nameOf: ({ system, value }) => `${form.kind} ${system}\0${value}`, ...keeping(form) };
}

/**
 * An ID that a record has is a part of it, and moves by a change of that record, of which there is an event. What an alias leads to is not kept: it ends by
 * itself, and whoever claims it changes another record.
 */
function keeping<RecordType extends { id: string }>({ make, read }: AnswerForm<RecordType>) {
  return {
    keep(found: Found<RecordType> | undefined): KeptAnswer | undefined {
      if (found === undefined || found.matchedBy === 'alias') return undefined;
      const { body, tag } = make(found);
      const answer: KeptAnswer = { recordId: databaseId(found.record.id), body: JSON.stringify(body), tag, matchedBy: found.matchedBy };
      // This look-up is answered with it too, so that it is made once.
      found.answer = answer;
      return answer;
    },
    restore: (answer: KeptAnswer): Found<RecordType> | undefined => new KeptRecord(answer, read),
  };
}
