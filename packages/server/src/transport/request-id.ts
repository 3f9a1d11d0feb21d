import { randomUUID } from 'node:crypto';

/** The ID of a request: a sane one that the caller sent is kept, so that logs of several systems meet; else one is made. */
export function requestIdOf(sent: string | string[] | undefined): string {
  return typeof sent === 'string' && /^[A-Za-z0-9_.-]{1,64}$/.test(sent) ? sent : `req_${randomUUID().replaceAll('-', '')}`;
}
