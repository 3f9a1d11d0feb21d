import type { Ending } from './ending.ts';
import { CrosswalkError, connectionError } from './errors.ts';

/** Characters of an answer that an error shows. */
const shown = 100;

/** Statuses with which a body is not even allowed to be empty where a `Response` is made: browsers give their answers one all the same. */
const bodiless = [204, 205, 304];

/** An answer all of which is there: reading it cannot fail any more. One whose status allows no body, and a redirect, which browsers hide, as it is. */
export async function wholeAnswer(response: Response): Promise<Response> {
  const { status, statusText, headers } = response;
  if (response.body === null || bodiless.includes(status)) return response;
  return new Response(await response.arrayBuffer(), { status, statusText, headers });
}

/**
 * An answer that is read as it comes, and releases what may end it at its own end. When it is cut, reading it throws a `ConnectionError`; after an
 * abort, the reason of that.
 */
export function openAnswer(response: Response, ending: Ending): Response {
  const reader = response.body?.getReader();
  if (reader === undefined) {
    ending.release();
    return response;
  }
  const body = new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const { done, value } = await reader.read().catch((error: unknown) => {
          ending.release();
          throw ending.signal.aborted ? error : connectionError(error);
        });
        if (!done) return controller.enqueue(value);
        ending.release();
        controller.close();
      },
      cancel(reason) {
        ending.release();
        return reader.cancel(reason);
      },
    },
    // Nothing is read before it is wanted.
    { highWaterMark: 0 },
  );
  const { status, statusText, headers } = response;
  return new Response(body, { status, statusText, headers });
}

/** What an answer that is whole says. Throws a `CrosswalkError` when that is no JSON: something else than Crosswalk answered. */
export async function answerOf<Answer>(response: Response): Promise<Answer> {
  const text = await response.text();
  try {
    // The server validates what it sends against the contract; its fields are not checked a second time here.
    const answer: Answer = JSON.parse(text);
    if (typeof answer === 'object' && answer !== null) return answer;
  } catch {
    // Told below.
  }
  const type = response.headers.get('content-type') ?? 'no content type';
  throw new CrosswalkError(
    `the server answered ${response.status} with something else than a JSON object (${type.slice(0, shown)}): ${excerpt(text)}`,
    { status: response.status, code: 2, errorCode: 'UNKNOWN', requestId: response.headers.get('x-request-id') ?? undefined },
  );
}

/** The beginning of a text in one line. */
function excerpt(text: string): string {
  const line = text
    .slice(0, 2 * shown)
    .replace(/\s+/g, ' ')
    .trim();
  if (line === '') return 'it is empty';
  return line.length > shown ? `${line.slice(0, shown)}…` : line;
}
