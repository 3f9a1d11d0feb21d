import type { Readable } from 'node:stream';
import { importLimits } from '@crosswalk/contract';
import { ApiError } from '../lib/api-error.ts';

/** What is known of the bytes of an upload. */
export interface Arrival {
  /** bytes that have come */
  bytes: number;
}

/**
 * The bytes of a body as they come, none faster than they are taken. 408 when nothing comes for `stall` milliseconds, 413 beyond the
 * limit, 400 when the client goes away. However it ends, the body is left to whoever answers: not destroyed, which would tear the
 * answer out of the client's hands.
 */
export async function* arriving(body: Readable, arrival: Arrival, stall: number): AsyncGenerator<Buffer> {
  const queue: Buffer[] = [];
  let failure: ApiError | undefined;
  let ended = false;
  let wake: () => void = () => {};
  const onData = (chunk: Buffer) => {
    queue.push(chunk);
    body.pause();
    wake();
  };
  const onEnd = () => {
    ended = true;
    wake();
  };
  const onGone = () => {
    failure = new ApiError('MALFORMED_REQUEST', 'the connection ended before the file was whole');
    wake();
  };
  body.on('data', onData).on('end', onEnd).on('error', onGone).on('close', onGone);
  try {
    for (;;) {
      const chunk = queue.shift();
      if (chunk !== undefined) {
        arrival.bytes += chunk.length;
        if (arrival.bytes > importLimits.bytes) throw tooLarge();
        yield chunk;
        continue;
      }
      if (ended) return;
      if (failure !== undefined || body.destroyed)
        throw failure ?? new ApiError('MALFORMED_REQUEST', 'the connection ended before the file was whole');
      await waitFor((resolve) => {
        wake = resolve;
        body.resume();
      }, stall);
    }
  } finally {
    body.off('data', onData).off('end', onEnd).off('close', onGone);
    // The listener for errors stays: unheard, one would end the process.
    if (!ended) body.resume();
  }
}

/** Waits until it is told, or throws 408. */
async function waitFor(begin: (resolve: () => void) => void, stall: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  try {
    await new Promise<void>((resolve, reject) => {
      timer = setTimeout(() => reject(new ApiError('REQUEST_TIMEOUT', `nothing more of the file came for ${stall / 1000} seconds`)), stall);
      begin(resolve);
    });
  } finally {
    clearTimeout(timer);
  }
}

/** The 413 of a file that is too large. */
export function tooLarge(): ApiError {
  return new ApiError('BODY_TOO_LARGE', `the file may have at most ${importLimits.bytes} bytes; divide it into several`);
}
