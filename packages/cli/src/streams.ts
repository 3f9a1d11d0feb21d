import { once } from 'node:events';
import type { Readable } from 'node:stream';
import { Ended, exitStatus } from './exit.ts';
import { showsColors } from './paint.ts';

/** Where the output of a command goes, data on `out`, all else on `err`; and where its input comes from. */
export interface Streams {
  out: (text: string) => void;
  err: (text: string) => void;
  /** whether `out` shows colours */
  outShowsColors?: boolean;
  /** Resolves when `out` takes more: a reader that is slow must not fill the memory; rejects as `unread` says. Left out: it always does. */
  drained?: () => Promise<void>;
  /** aborted when `out` takes no more; its reason is how a command ends that does nothing but print */
  unread?: AbortSignal;
  /** Lets go of the input, and resolves when all is written; rejects as `unread` says. */
  end?: () => Promise<void>;
  /** left out: there is none */
  input?: Readable & { isTTY?: boolean };
  /** there when `err` is a terminal, whose last line can be written again; its width in characters */
  terminal?: { columns: () => number };
}

/** The streams of this process. */
export function processStreams(env: Record<string, string | undefined>): Streams {
  const { stdout, stderr } = process;
  const [unread, untold] = [new AbortController(), new AbortController()];
  stdout.on('error', (error: NodeJS.ErrnoException) => {
    // Whoever reads our output may go, as head does: then all that was wanted is there.
    unread.abort(error.code === 'EPIPE' ? new Ended(exitStatus.ok) : new Error(`standard output takes no more: ${error.message}`));
  });
  // Nobody is left to be told of it.
  stderr.on('error', () => untold.abort());
  let input: Streams['input'];
  const streams: Streams = {
    out: (text) => {
      if (!unread.signal.aborted) stdout.write(text);
    },
    err: (text) => stderr.write(text),
    outShowsColors: showsColors(stdout, env),
    drained: async () => {
      if (stdout.writableNeedDrain) await once(stdout, 'drain', { signal: unread.signal }).catch(() => {});
      unread.signal.throwIfAborted();
    },
    unread: unread.signal,
    // Read from when it is asked for: to touch standard input may keep the process waiting for it.
    get input() {
      input = process.stdin;
      return input;
    },
    end: async () => {
      // What still comes is no longer wanted: to wait for it would keep the process.
      input?.destroy();
      await Promise.all([written(stdout, unread.signal), written(stderr, untold.signal)]);
      unread.signal.throwIfAborted();
    },
  };
  return stderr.isTTY && env.TERM !== 'dumb' ? Object.assign(streams, { terminal: { columns: () => stderr.columns } }) : streams;
}

/** Resolves when all is written, or no more can be: a stream that is broken does not always call back. */
function written(stream: NodeJS.WriteStream, broken: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (broken.aborted) return resolve();
    broken.addEventListener('abort', () => resolve(), { once: true });
    stream.write('', () => resolve());
  });
}

/** Everything that comes in, as text. */
export async function readAll(input: Streams['input']): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of input ?? []) chunks.push(Buffer.from(chunk));
  return Buffer.concat(chunks).toString('utf8');
}
