/** The request was answered before: its stored answer is given again, nothing runs. Thrown to leave the transaction. */
export class IdempotentReplay extends Error {
  override readonly name = 'IdempotentReplay';
  readonly status: number;
  readonly body: string;
  /** the entity tag, in its quotes */
  readonly etag: string | null;

  constructor({ status, body, etag }: { status: number; body: string; etag: string | null }) {
    super('answered from the stored answer');
    this.status = status;
    this.body = body;
    this.etag = etag;
  }
}

/** How long an answer is kept, in hours (DESIGN: 24). */
export const keptHours = 24;
