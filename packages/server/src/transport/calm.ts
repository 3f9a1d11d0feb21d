import http2, { type ServerHttp2Session, type ServerHttp2Stream } from 'node:http2';

/**
 * What a client of HTTP/2 may make the server do for nothing, on one connection: PING and SETTINGS, which must be acknowledged, and
 * requests that it takes back before they are answered. A client that is busy measures its connection with some PINGs a second, and takes
 * back the calls whose deadline has passed: a few hundred at once where the database is slow.
 */
const burst = 500;
/** How many of them come back each second. */
const perSecond = 50;

/**
 * Ends a session that goes on and on with what costs its client nothing, by GOAWAY with ENHANCE_YOUR_CALM. What else floods, Node ends by
 * itself; after too many requests that were taken back it says GOAWAY and leaves the connection open, which this ends too.
 */
export function keepCalm(session: ServerHttp2Session): void {
  let left = burst;
  let last = Date.now();
  const take = () => {
    if (session.destroyed) return;
    const now = Date.now();
    left = Math.min(burst, left + ((now - last) / 1000) * perSecond) - 1;
    last = now;
    if (left < 0) session.destroy(new Error('the client floods'), http2.constants.NGHTTP2_ENHANCE_YOUR_CALM);
  };
  session.on('ping', take);
  session.on('remoteSettings', take);
  session.on('stream', (stream: ServerHttp2Stream) => {
    stream.once('close', () => {
      // Of a stream that was taken back an answer may have been begun, which went nowhere.
      if (stream.aborted || stream.rstCode !== http2.constants.NGHTTP2_NO_ERROR || !stream.writableFinished) take();
    });
  });
}
