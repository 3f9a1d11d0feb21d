import type { TransferRow } from '@crosswalk/contract';
import { connectionError } from './errors.ts';

/** The body of an answer of `stream`; an empty one if it has none. */
export function bodyOf({ body }: Response): ReadableStream<Uint8Array> {
  return body ?? new ReadableStream({ start: (controller) => controller.close() });
}

/** The name of the file that an answer would be saved as. */
export function fileNameOf({ headers }: Response): string | undefined {
  return /filename="([^"]+)"/.exec(headers.get('content-disposition') ?? '')?.[1];
}

/** The rows of NDJSON, read as they are wanted. Throws a `ConnectionError` when they were cut off. */
export async function* rowsOf<Row extends TransferRow>(body: ReadableStream<Uint8Array>): AsyncGenerator<Row, void, undefined> {
  const decoder = new TextDecoder();
  const reader = body.getReader();
  let rest = '';
  try {
    for (;;) {
      const { done, value } = await reader.read();
      const lines = (rest + (done ? decoder.decode() : decoder.decode(value, { stream: true }))).split('\n');
      rest = done ? '' : (lines.pop() ?? '');
      for (const line of lines) if (line !== '') yield rowOf<Row>(line);
      if (done) return;
    }
  } finally {
    // Who stops in the middle ends the request.
    await reader.cancel().catch(() => {});
  }
}

function rowOf<Row extends TransferRow>(line: string): Row {
  try {
    return JSON.parse(line);
  } catch (error) {
    // A proxy that closes the connection may make a cut answer look like one that has ended.
    throw connectionError(error);
  }
}
