import { once } from 'node:events';
import type { Readable } from 'node:stream';
import { showsColors } from './paint.ts';

/** Where the output of a command goes, data on `out`, all else on `err`; and where its input comes from. */
export interface Streams {
  out: (text: string) => void;
  err: (text: string) => void;
  /** whether `out` shows colours */
  outShowsColors?: boolean;
  /** Resolves when `out` takes more: a reader that is slow must not fill the memory. Left out: it always does. */
  drained?: () => Promise<void>;
  /** left out: there is none */
  input?: Readable & { isTTY?: boolean };
  /** there when `err` is a terminal, whose last line can be written again; its width in characters */
  terminal?: { columns: () => number };
}

/** The streams of this process. */
export function processStreams(env: Record<string, string | undefined>): Streams {
  const { stdin, stdout, stderr } = process;
  const streams: Streams = {
    out: (text) => stdout.write(text),
    err: (text) => stderr.write(text),
    outShowsColors: showsColors(stdout, env),
    drained: async () => {
      if (stdout.writableNeedDrain) await once(stdout, 'drain');
    },
    // Read from when it is asked for: to touch standard input may keep the process waiting for it.
    get input() {
      return stdin;
    },
  };
  return stderr.isTTY && env.TERM !== 'dumb' ? Object.assign(streams, { terminal: { columns: () => stderr.columns } }) : streams;
}

/** Everything that comes in, as text. */
export async function readAll(input: Streams['input']): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of input ?? []) chunks.push(Buffer.from(chunk));
  return Buffer.concat(chunks).toString('utf8');
}
