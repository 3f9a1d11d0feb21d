import http2 from 'node:http2';
import type { Readable } from 'node:stream';
import type { FastifyReply } from 'fastify';

/**
 * Lets the reader of a streamed answer see that it is not whole when the stream fails. Over HTTP/1 the last chunk is missing when the connection
 * closes; over HTTP/2 the code of the reset tells, which Node would leave at "no error". The failure is logged.
 */
export function cutWhenFailing(reply: FastifyReply, stream: Readable): Readable {
  return stream.once('error', (error) => {
    reply.log.warn({ err: error }, 'an answer was cut');
    const raw: object = reply.raw;
    if (raw instanceof http2.Http2ServerResponse) raw.stream.destroy(error);
  });
}
