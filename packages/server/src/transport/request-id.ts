import { randomFillSync } from 'node:crypto';

/** A sane ID of the caller is kept, so that logs of several systems meet; else one is made. */
export function requestIdOf(sent: string | string[] | undefined): string {
  return typeof sent === 'string' && /^[A-Za-z0-9_.-]{1,64}$/.test(sent) ? sent : newRequestId();
}

/** An ID for a request that brought none: 128 random bits. */
export function newRequestId(): string {
  if (used === random.length) {
    randomFillSync(random);
    used = 0;
  }
  used += idBytes;
  return `req_${random.toString('hex', used - idBytes, used)}`;
}

const idBytes = 16;
/** Random bytes for the next IDs, fetched for many at once. */
const random = Buffer.alloc(256 * idBytes);
let used = random.length;
