import { randomUUID } from 'node:crypto';

/** A sane ID of the caller is kept, so that logs of several systems meet; else one is made. */
export function requestIdOf(sent: string | string[] | undefined): string {
  return typeof sent === 'string' && /^[A-Za-z0-9_.-]{1,64}$/.test(sent) ? sent : newRequestId();
}

/** An ID for a request that brought none. */
export function newRequestId(): string {
  return `req_${randomUUID().replaceAll('-', '')}`;
}
