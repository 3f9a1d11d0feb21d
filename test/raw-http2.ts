import { once } from 'node:events';
import { connect, type Socket } from 'node:net';

/** Types of frames (RFC 9113 section 6). */
export const frameType = {
  data: 0,
  headers: 1,
  priority: 2,
  rstStream: 3,
  settings: 4,
  ping: 6,
  goAway: 7,
  windowUpdate: 8,
  continuation: 9,
} as const;

/** Flags of frames: an acknowledgement has the value of the end of a stream. */
export const frameFlag = { endStream: 1, ack: 1, endHeaders: 4 } as const;

/** Codes of errors (RFC 9113 section 7). */
export const errorCode = { noError: 0, protocol: 1, flowControl: 3, compression: 9, enhanceYourCalm: 11 } as const;

/** A frame that came from the server. */
export interface Frame {
  type: number;
  flags: number;
  stream: number;
  payload: Buffer;
}

const preface = 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n';
const headLength = 9;

/** A frame as bytes. Nothing is checked: the point is to send what no library would. */
export function frame(type: number, flags: number, stream: number, payload: Uint8Array = Buffer.alloc(0)): Buffer {
  const head = Buffer.alloc(headLength);
  head.writeUIntBE(payload.length, 0, 3);
  head.writeUInt8(type, 3);
  head.writeUInt8(flags, 4);
  head.writeUInt32BE(stream, 5);
  return Buffer.concat([head, payload]);
}

/** Settings by their identifier (RFC 9113 section 6.5.2). */
export function settings(values: Record<number, number>): Buffer {
  const entries = Object.entries(values).map(([identifier, value]) => {
    const entry = Buffer.alloc(6);
    entry.writeUInt16BE(Number(identifier), 0);
    entry.writeUInt32BE(value, 2);
    return entry;
  });
  return frame(frameType.settings, 0, 0, Buffer.concat(entries));
}

/** A number of 31 bits as the payload of RST_STREAM and WINDOW_UPDATE. */
export function number31(value: number): Buffer {
  const payload = Buffer.alloc(4);
  payload.writeUInt32BE(value);
  return payload;
}

/** Header fields as literals that no table keeps (RFC 7541 section 6.2.2), without Huffman's code. */
export function headerBlock(fields: readonly (readonly [string, string])[]): Buffer {
  const text = (value: string) => {
    const bytes = Buffer.from(value, 'latin1');
    return Buffer.concat([integer(bytes.length, 7, 0), bytes]);
  };
  return Buffer.concat(fields.flatMap(([name, value]) => [Buffer.from([0]), text(name), text(value)]));
}

/** A number with a prefix of some bits (RFC 7541 section 5.1). */
function integer(value: number, bits: number, pattern: number): Buffer {
  const limit = 2 ** bits - 1;
  if (value < limit) return Buffer.from([pattern | value]);
  const bytes = [pattern | limit];
  let rest = value - limit;
  for (; rest >= 128; rest = Math.floor(rest / 128)) bytes.push((rest % 128) | 128);
  return Buffer.from([...bytes, rest]);
}

/** The fields that a request must have. */
export function requestFields(path: string, method = 'GET'): [string, string][] {
  return [
    [':method', method],
    [':scheme', 'http'],
    [':path', path],
    [':authority', 'x'],
  ];
}

/** A request without a body. */
export function request(stream: number, path: string, more: readonly (readonly [string, string])[] = []): Buffer {
  return frame(frameType.headers, frameFlag.endHeaders | frameFlag.endStream, stream, headerBlock([...requestFields(path), ...more]));
}

/** A client of HTTP/2 that sends the bytes it is given, and keeps the frames that come. */
export class RawHttp2 {
  readonly socket: Socket;
  readonly frames: Frame[] = [];
  /** resolves when the connection has ended, whoever ended it */
  readonly closed: Promise<void>;
  #rest = Buffer.alloc(0);

  private constructor(socket: Socket) {
    this.socket = socket;
    this.closed = new Promise((resolve) => socket.once('close', () => resolve()));
    // The server may cut what it refuses; that is what is looked at.
    socket.on('error', () => {});
    socket.on('data', (chunk) => this.#read(chunk));
  }

  /** Connects and says the preface, with settings of one's own. */
  static async open(url: string, values: Record<number, number> = {}): Promise<RawHttp2> {
    const { hostname, port } = new URL(url);
    const socket = connect({ host: hostname, port: Number(port) });
    await once(socket, 'connect');
    const client = new RawHttp2(socket);
    socket.write(Buffer.concat([Buffer.from(preface), settings(values)]));
    return client;
  }

  /** The code with which the server ended the session; undefined where it has not. */
  get goAway(): number | undefined {
    return this.frames.find(({ type }) => type === frameType.goAway)?.payload.readUInt32BE(4);
  }

  /** The code with which the server ended a stream; undefined where it has not. */
  reset(stream: number): number | undefined {
    return this.frames.find((one) => one.type === frameType.rstStream && one.stream === stream)?.payload.readUInt32BE(0);
  }

  /** Sends bytes as often as asked, as fast as they are taken, until all are sent or the connection has ended. Gives how often it did. */
  async flood(bytes: (turn: number) => Uint8Array, turns: number): Promise<number> {
    let turn = 0;
    for (; turn < turns && !this.socket.destroyed && this.socket.writable; turn += 1) {
      if (this.socket.write(bytes(turn))) continue;
      await Promise.race([once(this.socket, 'drain').catch(() => {}), this.closed]);
    }
    return turn;
  }

  /** Waits until something of the frames that came is so, or the connection has ended. */
  async until(isSo: () => boolean): Promise<void> {
    while (!isSo() && !this.socket.destroyed) await new Promise((resolve) => setTimeout(resolve, 5));
  }

  #read(chunk: Buffer): void {
    this.#rest = Buffer.concat([this.#rest, chunk]);
    while (this.#rest.length >= headLength) {
      const length = this.#rest.readUIntBE(0, 3);
      if (this.#rest.length < headLength + length) return;
      this.frames.push({
        type: this.#rest.readUInt8(3),
        flags: this.#rest.readUInt8(4),
        stream: this.#rest.readUInt32BE(5) & 0x7fff_ffff,
        payload: Buffer.from(this.#rest.subarray(headLength, headLength + length)),
      });
      this.#rest = this.#rest.subarray(headLength + length);
    }
  }
}
