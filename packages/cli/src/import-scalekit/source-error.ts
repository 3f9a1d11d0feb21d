import { ScalekitBadRequestException, ScalekitException, ScalekitServerException } from '@scalekit-sdk/node/lib/errors/index.js';
import { messageOf } from '../errors.ts';

/** Scalekit could not be read. The message is for people; the cause may hold secrets and is never shown. */
export class SourceError extends Error {}

/** A page token that Scalekit takes no more, or some other request it refuses. */
export function isRefusal(error: unknown): boolean {
  return error instanceof SourceError && error.cause instanceof ScalekitBadRequestException;
}

/** What went wrong at Scalekit, and the way out. Its client lets errors of axios through, which name neither. */
export function sourceError(url: string, error: unknown): SourceError {
  if (error instanceof SourceError) return error;
  return new SourceError(explain(url, error), { cause: error });
}

function explain(url: string, error: unknown): string {
  const status = error instanceof ScalekitServerException ? error.httpStatus : Object(error).response?.status;
  if (status === 401 || isInvalidClient(error))
    return `${url} refuses the client ID or the client secret: check --client-id and SCALEKIT_CLIENT_SECRET (or --client-secret)`;
  if (status === 403) return `${url} does not let this client read the environment: give the client access in Scalekit's dashboard`;
  if (!(error instanceof ScalekitServerException) && (status === 404 || status === 405))
    return `${url} is no Scalekit environment: --from must be the URL that Scalekit's dashboard shows under API credentials`;
  if (status === 429) return `${url} answers that there were too many requests: wait a while`;
  const reason = networkReason(error);
  if (reason !== undefined) return `${url} cannot be reached (${reason}): check --from and the network`;
  return `${url} answered with an error: ${messageOf(error).slice(0, 300)}`;
}

/** OAuth servers may answer a wrong secret with 400 too. */
function isInvalidClient(error: unknown): boolean {
  return ['invalid_client', 'unauthorized_client'].includes(Object(error).response?.data?.error);
}

/** Why no answer came; undefined when one did. */
function networkReason(error: unknown): string | undefined {
  if (error instanceof ScalekitServerException) return [503, 504].includes(error.httpStatus) ? withoutPrefix(error.message) : undefined;
  const { code, response, isAxiosError } = Object(error);
  if (response !== undefined || (isAxiosError !== true && !(error instanceof ScalekitException))) return undefined;
  const hint =
    typeof code === 'string' && /CERT|SELF_SIGNED|UNABLE_TO/.test(code) ? '; NODE_EXTRA_CA_CERTS names a file with its authority' : '';
  return `${typeof code === 'string' ? code : Object(error).message}${hint}`;
}

/** Messages of gRPC begin with their code: `[unavailable] …`. */
function withoutPrefix(message: string): string {
  return message.replace(/^\[\w+\] /, '');
}
