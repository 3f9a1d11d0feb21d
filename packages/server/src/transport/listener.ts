import http from 'node:http';
import http2, { type IncomingHttpHeaders, type ServerHttp2Session, type ServerHttp2Stream } from 'node:http2';
import https from 'node:https';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { keepCalm } from './calm.ts';
import { prepareDraining } from './draining.ts';
import { maxHeaderSize } from './headers.ts';

/** What a certificate is made of: PEM, the key without a passphrase. */
export interface Certificate {
  cert: string | Buffer;
  key: string | Buffer;
}

/** Takes a stream of HTTP/2 that is not a plain request; `rawHeaders` are names and values in turn, as they came. */
export type StreamHandler = (stream: ServerHttp2Stream, headers: IncomingHttpHeaders, rawHeaders: string[]) => void;

export interface ListenerOptions {
  /** present: TLS with ALPN `h2` and `http/1.1`; absent: HTTP/1.1 and HTTP/2 with prior knowledge (h2c) */
  certificate?: Certificate | undefined;
  /** how long a client may take to send all of a request, and how long a stream of HTTP/2 may be silent, in milliseconds; default 30,000 */
  requestTimeout?: number | undefined;
  /** Takes streams whose content type is gRPC's. */
  onGrpc: StreamHandler;
}

/** The one port. */
export interface Listener {
  server: http.Server;
  /** Ends connections as soon as what is under way on them has ended; HTTP/2 peers are told to open no new streams (GOAWAY). */
  drain(): void;
  /** Ends every connection now, whatever is under way. */
  destroy(): void;
  /** Greets new connections with another certificate. */
  renew(certificate: Certificate): void;
}

/** How long a client may take to send all of its request. Milliseconds. */
export const defaultRequestTimeout = 30_000;
/** Time for the headers alone, and for the first bytes of a connection. Milliseconds. */
const maxHeadersTimeout = 10_000;
/** A connection without a request is closed after this; longer than the 60 s of common proxies, which must close first. Milliseconds. */
const keepAliveTimeout = 72_000;
/** How long a peer of HTTP/2 may take to close its side once ours is closed: a round trip, and it has nothing more to say. Milliseconds. */
const closeTimeout = 2_000;
/**
 * Connections of a process at once; one more is closed before it has said anything. Each takes about 10 KB here, and one of the files that the
 * system lets a process open: with fewer of those than this (`ulimit -n`), the system's own limit is the one that is met.
 */
const maxConnections = 12_000;
/** Streams of one connection at once: what the clients in use open, and not enough to matter. */
const maxConcurrentStreams = 128;

/** What each connection of HTTP/2 begins with (RFC 9113 section 3.4). */
const preface = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n');

/**
 * A server for HTTP/1.1 and HTTP/2 on one port. The listening server is that of HTTP/1.1, with its own limits on slow requests; a
 * connection that begins with the preface of HTTP/2 (or agreed on `h2` by ALPN) is handed to an HTTP/2 server that never
 * listens itself. Requests of both are `request` events of the one server, streams of gRPC go to `onGrpc`.
 */
export function createListener({ certificate, requestTimeout = defaultRequestTimeout, onGrpc }: ListenerOptions): Listener {
  const headersTimeout = Math.min(maxHeadersTimeout, requestTimeout);
  const limits = {
    requestTimeout,
    headersTimeout,
    // How often Node looks for slow requests: what this takes comes on top of the time. It walks through those under way, in a millisecond.
    connectionsCheckingInterval: Math.min(1_000, requestTimeout),
    keepAliveTimeout,
    maxHeaderSize,
    // A missing Host is answered by us.
    requireHostHeader: false,
  };
  const server =
    certificate === undefined
      ? http.createServer(limits)
      : https.createServer({
          ...limits,
          ...certificate,
          ALPNProtocols: ['h2', 'http/1.1'],
          minVersion: 'TLSv1.2',
          handshakeTimeout: headersTimeout,
        });
  const sessions = createHttp2(server, { requestTimeout, onGrpc });
  server.maxConnections = maxConnections;
  // A connection that cannot be accepted, as no file is left for it, is its client's loss alone. Unheard, it would end the process. Who waits for
  // the server to listen hears of what prevents that besides.
  server.on('error', () => {});
  const drainHttp1 = prepareDraining(server);
  const undecided = new Set<Socket>();
  const firstHeads = new WeakMap<Socket, NodeJS.Timeout>();
  server.on('request', ({ httpVersionMajor, socket }) => {
    if (httpVersionMajor === 1) clearTimeout(firstHeads.get(socket));
  });

  const event = certificate === undefined ? 'connection' : 'secureConnection';
  const [acceptHttp1] = server.listeners(event);
  server.removeAllListeners(event);
  server.on(event, (socket: Socket & { alpnProtocol?: string | false }) => {
    if (certificate !== undefined) return socket.alpnProtocol === 'h2' ? sessions.accept(socket) : acceptHttp1?.call(server, socket);
    undecided.add(socket);
    // From here to the end of the first head: Node counts anew when it is given the connection.
    const timer = setTimeout(() => server.emit('clientError', tooLate(), socket), headersTimeout);
    firstHeads.set(socket, timer);
    socket.once('close', () => {
      undecided.delete(socket);
      clearTimeout(timer);
    });
    readBeginning(socket, (isHttp2) => {
      undecided.delete(socket);
      if (!isHttp2) return acceptHttp1?.call(server, socket);
      clearTimeout(timer);
      sessions.accept(socket);
    });
  });

  return {
    server,
    drain() {
      for (const socket of undecided) socket.destroy();
      drainHttp1();
      sessions.drain();
    },
    destroy() {
      for (const socket of undecided) socket.destroy();
      sessions.destroy();
      server.closeAllConnections();
    },
    renew(renewed) {
      if (server instanceof https.Server) server.setSecureContext(renewed);
    },
  };
}

/**
 * Reads until the beginning of a connection tells which protocol it speaks, gives what was read back, and decides. One that ends before is
 * closed; so is one that fails, for as long as it is not decided: unheard, that would end the process.
 */
function readBeginning(socket: Socket, decide: (isHttp2: boolean) => void): void {
  let read: Buffer = Buffer.alloc(0);
  const close = () => socket.destroy();
  const onReadable = () => {
    const chunk: Buffer | null = socket.read();
    if (chunk === null) return;
    read = Buffer.concat([read, chunk]);
    const length = Math.min(read.length, preface.length);
    const isPreface = read.subarray(0, length).equals(preface.subarray(0, length));
    // Given back once, when it is decided: bytes that are given back and waited for again are never announced.
    if (isPreface && read.length < preface.length) return;
    socket.removeListener('readable', onReadable);
    socket.unshift(read);
    // Bytes that are given back have the socket read on in the next tick, whoever has paused it by then: a body that is not read at once
    // would all be taken in.
    process.nextTick(() => {
      // It may have become too late meanwhile.
      if (!socket.writable) return;
      for (const name of ['end', 'error', 'close']) socket.removeListener(name, close);
      decide(isPreface);
    });
  };
  socket.on('readable', onReadable);
  for (const name of ['end', 'error', 'close']) socket.on(name, close);
}

/** What Node says of a request that did not come in time. */
function tooLate(): Error {
  return Object.assign(new Error('the connection said nothing'), { code: 'ERR_HTTP_REQUEST_TIMEOUT' });
}

/** An HTTP/2 server that is given its connections. */
function createHttp2(http1: http.Server, { requestTimeout, onGrpc }: { requestTimeout: number; onGrpc: StreamHandler }) {
  const server = http2.createServer({ settings: { maxConcurrentStreams, maxHeaderListSize: maxHeaderSize }, maxSessionMemory: 10 });
  // Makes a request and a response of a stream; from there on they are handled like those of HTTP/1.1.
  const requests = http2.createServer((request, response) => http1.emit('request', request, response));
  const open = new Set<ServerHttp2Session>();
  const sockets = new Set<Duplex>();
  let draining = false;

  server.on('session', (session) => {
    open.add(session);
    keepCalm(session);
    session.once('close', () => open.delete(session));
    // Who connects has something to ask: without a first stream a connection is kept no longer than a request that does not come.
    session.setTimeout(requestTimeout, () => session.close());
    session.once('stream', () => session.setTimeout(keepAliveTimeout));
    if (draining) session.close();
  });
  // A peer that breaks the protocol or goes away has its session ended by Node; nobody else is concerned.
  server.on('sessionError', () => {});
  server.on('stream', (stream: ServerHttp2Stream, headers: IncomingHttpHeaders, flags: number, rawHeaders: string[]) => {
    // Unheard, an error of one stream would end the process.
    stream.on('error', () => {});
    stream.setTimeout(requestTimeout, () => stream.close(http2.constants.NGHTTP2_CANCEL));
    const isGrpc = headers['content-type']?.startsWith('application/grpc') === true;
    if (isGrpc) onGrpc(stream, headers, rawHeaders);
    else requests.emit('stream', stream, headers, flags, rawHeaders);
  });

  return {
    accept(socket: Duplex) {
      sockets.add(socket);
      let closing: NodeJS.Timeout | undefined;
      // Node waits for the other side as long as that likes, when a session has ended.
      socket.once('finish', () => {
        closing = setTimeout(() => socket.destroy(), closeTimeout);
      });
      socket.once('close', () => {
        clearTimeout(closing);
        sockets.delete(socket);
      });
      server.emit('connection', socket);
    },
    drain() {
      draining = true;
      for (const session of open) session.close();
    },
    destroy() {
      for (const socket of sockets) socket.destroy();
    },
  };
}
