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

/**
 * What an answer that is whole says. Throws a `CrosswalkError` when that is no JSON, or lacks one of the fields: something else than Crosswalk
 * answered. What the fields have in them is not checked a second time: the server validates what it sends against the contract.
 */
export async function answerOf<Answer>(response: Response, fields: readonly (keyof Answer & string)[] = []): Promise<Answer> {
  const text = await response.text();
  const answer = objectIn<Answer>(text);
  if (answer === undefined) {
    const type = response.headers.get('content-type') ?? 'no content type';
    throw strange(response, `with something else than a JSON object (${type.slice(0, shown)}): ${excerpt(text)}`);
  }
  const missing = fields.find((field) => !Object.hasOwn(Object(answer), field));
  if (missing !== undefined) throw strange(response, `without ${missing}: the address seems to be that of another service than Crosswalk`);
  return answer;
}

function objectIn<Answer>(text: string): Answer | undefined {
  try {
    const answer: Answer = JSON.parse(text);
    return typeof answer === 'object' && answer !== null ? answer : undefined;
  } catch {
    return undefined;
  }
}

function strange({ status, headers }: Response, what: string): CrosswalkError {
  const requestId = headers.get('x-request-id') ?? undefined;
  return new CrosswalkError(`the server answered ${status} ${what}`, { status, code: 2, errorCode: 'UNKNOWN', requestId });
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
