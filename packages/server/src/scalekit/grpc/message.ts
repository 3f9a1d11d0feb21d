import type { ServerHttp2Stream } from 'node:http2';
import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import { ApiError } from '../../lib/api-error.ts';

/** A message is preceded by one byte of flags and four of length (gRPC over HTTP/2, Length-Prefixed-Message). */
const prefixLength = 5;
/** Largest message, compressed or not: as much as an ordinary REST body. Bytes. */
const maxLength = 1024 * 1024;

/** The one message of a unary request; 400 when there is none, several or half of one, 413 when it is too large. */
export async function readMessage(stream: ServerHttp2Stream, encoding: string | undefined): Promise<Uint8Array> {
  const body = await readBody(stream);
  if (body.length < prefixLength) throw new ApiError('MALFORMED_MESSAGE', 'the request has no message');
  const message = body.subarray(prefixLength);
  if (body.readUInt32BE(1) !== message.length) {
    throw new ApiError('MALFORMED_MESSAGE', 'the request must have one message, of the length that its prefix says');
  }
  return (body.readUInt8(0) & 1) === 0 ? message : inflate(message, encoding);
}

/** Not by iteration, which would destroy the stream when it stops early, and the answer with it. */
function readBody(stream: ServerHttp2Stream): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let received = 0;
    const onData = (chunk: Buffer) => {
      received += chunk.length;
      chunks.push(chunk);
      if (received <= maxLength + prefixLength) return;
      stream.off('data', onData);
      reject(tooLarge());
    };
    const onClose = () => reject(new ApiError('MALFORMED_MESSAGE', 'the call ended before its message'));
    const onEnd = () => {
      // Every call is closed at last. An error that nobody hears of would be a sixteenth of what a look-up costs.
      stream.off('close', onClose);
      resolve(Buffer.concat(chunks));
    };
    stream.on('data', onData).once('end', onEnd).once('close', onClose);
  });
}

async function inflate(message: Uint8Array, encoding: string | undefined): Promise<Uint8Array> {
  if (encoding !== 'gzip') throw new ApiError('NOT_OFFERED', 'grpc-encoding: messages must be sent as they are or with gzip');
  try {
    return await promisify(gunzip)(message, { maxOutputLength: maxLength });
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    throw code === 'ERR_BUFFER_TOO_LARGE' ? tooLarge() : new ApiError('MALFORMED_MESSAGE', 'the message is not valid gzip');
  }
}

function tooLarge(): ApiError {
  return new ApiError('BODY_TOO_LARGE', `a message may have at most ${maxLength} bytes`);
}

/** A message with its prefix. Answers are small: compressing them would cost more than it saves. */
export function frame(message: Uint8Array): Buffer {
  const framed = Buffer.allocUnsafe(prefixLength + message.length);
  framed.writeUInt8(0, 0);
  framed.writeUInt32BE(message.length, 1);
  framed.set(message, prefixLength);
  return framed;
}
