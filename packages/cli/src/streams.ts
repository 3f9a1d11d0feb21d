/** Where the output of a command goes: data on `out`, all else on `err`. */
export interface Streams {
  out: (text: string) => void;
  err: (text: string) => void;
  /** there when `err` is a terminal, whose last line can be written again; its width in characters */
  terminal?: { columns: () => number };
}

/** The streams of this process. */
export function processStreams(env: Record<string, string | undefined>): Streams {
  const { stdout, stderr } = process;
  const streams: Streams = { out: (text) => stdout.write(text), err: (text) => stderr.write(text) };
  return stderr.isTTY && env.TERM !== 'dumb' ? { ...streams, terminal: { columns: () => stderr.columns } } : streams;
}
