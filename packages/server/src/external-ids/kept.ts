import type { RecordKind } from '@crosswalk/contract';
import type { Keeping } from '../database/reads.ts';
import type { KeptAnswer } from '../database/record-cache.ts';
import { databaseId } from '../lib/id.ts';
import type { ExternalKey, Found } from './external-id.ts';

/** How the answer to a look-up of a kind of record is made, and read again. */
export interface AnswerForm<RecordType> {
  kind: RecordKind;
  make(found: Found<RecordType>): { body: object; tag: string };
  /** the record in the text of such a body */
  read(text: string): RecordType;
}

/** A record whose answer is ready; it is read out of that for who wants the record itself. */
class KeptRecord<RecordType> implements Found<RecordType> {
  readonly answer: KeptAnswer;
  readonly #read: (text: string) => RecordType;

  constructor(answer: KeptAnswer, read: (text: string) => RecordType) {
    this.answer = answer;
    this.#read = read;
  }

  get matchedBy() {
    return this.answer.matchedBy;
  }

  get record() {
    return this.#read(this.answer.text);
  }
}

/** How look-ups by database ID are kept. */
export function keptById<RecordType extends { id: string }>(
  form: AnswerForm<RecordType>,
): Keeping<{ id: string }, Found<RecordType> | undefined> {
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
      const answer: KeptAnswer = { recordId: databaseId(found.record.id), text: JSON.stringify(body), tag, matchedBy: found.matchedBy };
      found.answer = answer;
      return answer;
    },
    restore: (answer: KeptAnswer): Found<RecordType> | undefined => new KeptRecord(answer, read),
  };
}
