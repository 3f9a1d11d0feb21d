import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import http from 'node:http';
import http2 from 'node:http2';
import https from 'node:https';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import tls from 'node:tls';
import { generate } from 'selfsigned';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readCertificate, watchCertificate } from './certificate.ts';
import { type Certificate, createListener, type Listener } from './listener.ts';

const { private: key, cert } = await generate([{ name: 'commonName', value: 'localhost' }]);

/** A listener that answers requests with their method, path and body, and streams of gRPC with a header of their own. */
async function listen(certificate?: Certificate, requestTimeout?: number): Promise<{ listener: Listener; port: number }> {
  const listener = createListener({
    certificate,
    requestTimeout,
    onGrpc(stream) {
      stream.respond({ ':status': 200, 'x-answered-by': 'grpc' }, { endStream: true });
    },
  });
  listener.server.on('request', async (request, response) => {
    let body = '';
    for await (const chunk of request) body += chunk;
    if (request.url === '/slow') await sleep(300);
    response.end(`HTTP/${request.httpVersion} ${request.method} ${request.url} ${body}`);
  });
  listener.server.listen(0, '127.0.0.1');
  await once(listener.server, 'listening');
  const address: AddressInfo | string | null = listener.server.address();
  if (address === null || typeof address === 'string') throw new Error('a listener on a port has an address');
  return { listener, port: address.port };
}

/** Sends one request over HTTP/2 and gives its status, headers and body. */
async function request2(session: http2.ClientHttp2Session, headers: http2.OutgoingHttpHeaders, body = '') {
  const stream = session.request(headers, { endStream: body === '' });
  if (body !== '') stream.end(body);
  const [answer] = await once(stream, 'response');
  let text = '';
  for await (const chunk of stream) text += chunk;
  return { status: answer[':status'], answeredBy: answer['x-answered-by'], text };
}

function raw(port: number): Promise<Socket> {
  const socket = connect(port, '127.0.0.1');
  return once(socket, 'connect').then(() => socket);
}

describe('one port without a certificate', () => {
  let listener: Listener;
  let port: number;
  beforeAll(async () => {
    ({ listener, port } = await listen());
  });
  afterAll(() => listener.destroy());

  test('serves HTTP/1.1, also on a connection that is kept', async () => {
    const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
    for (const path of ['/a', '/b']) {
      const request = http.request({ port, host: '127.0.0.1', path, method: 'POST', agent });
      request.end('body');
      const [response] = await once(request, 'response');
      let text = '';
      for await (const chunk of response) text += chunk;
      expect(text).toBe(`HTTP/1.1 POST ${path} body`);
    }
    agent.destroy();
  });

  test('serves HTTP/2 with prior knowledge: requests to the handler, gRPC to its own', async () => {
    const session = http2.connect(`http://127.0.0.1:${port}`);
    const both = await Promise.all([
      request2(session, { ':method': 'PUT', ':path': '/x' }, 'two'),
      request2(session, { ':method': 'POST', ':path': '/s/M', 'content-type': 'application/grpc+proto' }),
    ]);
    expect(both).toMatchObject([
      { status: 200, text: 'HTTP/2.0 PUT /x two' },
      { status: 200, answeredBy: 'grpc' },
    ]);
    session.close();
  });

  test.each([
    [
      'HTTP/1.1 byte by byte',
      'POST /slowly HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok',
      'HTTP/1.1 POST /slowly ok',
    ],
    ['a method that begins like HTTP/2', 'PROPFIND / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n', 'HTTP/1.1 PROPFIND /'],
  ])('reads %s', async (_name, text, answer) => {
    const socket = await raw(port);
    socket.setNoDelay(true);
    for (const character of text) {
      socket.write(character);
      await sleep(1);
    }
    let received = '';
    for await (const chunk of socket) received += chunk;
    expect(received).toContain(answer);
  });

  test('reads a preface of HTTP/2 that comes in two pieces', async () => {
    const socket = await raw(port);
    socket.write('PRI * HTTP');
    await sleep(50);
    socket.write('/2.0\r\n\r\nSM\r\n\r\n\0\0\0\u0004\0\0\0\0\0');
    const [settings] = await once(socket, 'data');
    // A frame of type 4 (SETTINGS) is what a server begins with (RFC 9113 section 3.4).
    expect(settings[3]).toBe(4);
    socket.destroy();
  });

  test('survives a connection that it cannot accept, and serves the next', async () => {
    // As Node tells it; when the system has no file left, Node mostly closes the connection by itself.
    listener.server.emit('error', Object.assign(new Error('accept EMFILE'), { code: 'EMFILE', syscall: 'accept' }));
    expect(await (await fetch(`http://127.0.0.1:${port}/next`)).text()).toBe('HTTP/1.1 GET /next ');
  });

  test('survives connections that say one byte, nothing, or break off, and serves the next', async () => {
    for (const text of ['P', '', 'PRI * HTTP/2.0\r\n']) {
      const socket = await raw(port);
      if (text !== '') socket.write(text);
      await sleep(20);
      socket.resetAndDestroy();
    }
    expect(await (await fetch(`http://127.0.0.1:${port}/still`)).text()).toBe('HTTP/1.1 GET /still ');
  });
});

describe('the time for the first head of a connection', () => {
  const time = 2_000;
  let listener: Listener;
  let port: number;
  beforeAll(async () => {
    ({ listener, port } = await listen(undefined, time));
    listener.server.on('clientError', (_error, socket) => socket.end('late', () => socket.destroy()));
  });
  afterAll(() => listener.destroy());

  test('begins when it is accepted, whatever it begins with', async () => {
    const ended: string[] = [];
    const begin = async (name: string) => {
      const socket = await raw(port);
      socket.resume().once('close', () => ended.push(name));
      return socket;
    };
    const slow = await begin('half a preface, then half a head');
    slow.write('P');
    await sleep(0.4 * time);
    const silent = await begin('silent');
    const isOver = once(silent, 'close');
    await sleep(0.4 * time);
    slow.write('OST / HTTP/1.1\r\nX-Slow: ');
    await isOver;
    expect(ended).toEqual(['half a preface, then half a head', 'silent']);
  });

  test('is over when its first request is there: a body and later requests have their own', async () => {
    const socket = await raw(port);
    const answers = socket.setEncoding('utf8');
    for (const path of ['/1', '/2', '/3']) {
      socket.write(`GET ${path} HTTP/1.1\r\nHost: x\r\n\r\n`);
      const [answer] = await once(answers, 'data');
      expect(answer).toContain(`HTTP/1.1 GET ${path} `);
      await sleep(0.4 * time);
    }
    socket.destroy();
  });

  test('may end in the moment in which the client breaks off', async () => {
    const accepted = once(listener.server, 'connection');
    const socket = await raw(port);
    socket.write('PRI');
    const [peer] = await accepted;
    while (peer.bytesRead === 0) await sleep(5);
    // Timers come first when a turn of the event loop begins: before the server sees that the client is gone, the time is over.
    await new Promise((resolve) => setImmediate(resolve));
    socket.resetAndDestroy();
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1.1 * time);
    // Not once(): that would hear of the error for the server.
    await new Promise((resolve) => peer.once('close', resolve));
    expect(await (await fetch(`http://127.0.0.1:${port}/still`)).text()).toBe('HTTP/1.1 GET /still ');
  });
});

test('a body that is not read stays with who sends it, also one that comes with its head', async () => {
  const listener = createListener({ certificate: undefined, onGrpc() {} });
  const asked = once(listener.server, 'request');
  listener.server.listen(0, '127.0.0.1');
  await once(listener.server, 'listening');
  const { port } = Object(listener.server.address());
  const length = 64 * 1024 * 1024;
  const client = await raw(port);
  client.on('error', () => {});
  client.write(`POST / HTTP/1.1\r\nHost: x\r\nContent-Length: ${length}\r\n\r\n`);
  for (let sent = 0; sent < length; sent += 1024 * 1024) client.write(Buffer.alloc(1024 * 1024));
  const [request]: http.IncomingMessage[] = await asked;
  await sleep(1_000);
  expect(request?.socket.bytesRead).toBeLessThan(1024 * 1024);
  client.destroy();
  listener.destroy();
  listener.server.close();
});

test('a drain tells HTTP/2 peers to go away, lets streams under way end, and closes connections that said nothing', async () => {
  const { listener, port } = await listen();
  // Accepted before the request is: one that is still waiting to be accepted is reset when the port closes.
  const silent = await raw(port);
  const session = http2.connect(`http://127.0.0.1:${port}`);
  const arrived = once(listener.server, 'request');
  const slow = request2(session, { ':path': '/slow' });
  await arrived;
  const ends = [once(session, 'goaway'), once(session, 'close'), once(silent.resume(), 'close'), once(listener.server, 'close')];
  listener.drain();
  listener.server.close();
  expect((await slow).text).toBe('HTTP/2.0 GET /slow ');
  await Promise.all(ends);
});

test.each(['drain', 'cut off'])('a peer of HTTP/2 that does not close its side does not hold up the end: %s', async (how) => {
  const { listener, port } = await listen();
  const peer = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
  // The preface and an empty SETTINGS frame.
  peer.write(Buffer.concat([Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'), Buffer.from([0, 0, 0, 4, 0, 0, 0, 0, 0])]));
  await once(peer, 'data');
  const told = once(peer.resume(), 'end');
  const closed = once(listener.server, 'close');
  listener.drain();
  listener.server.close();
  await told;
  if (how === 'cut off') listener.destroy();
  await closed;
  peer.destroy();
});

test('with a certificate the same port speaks TLS: HTTP/2 to who asks for it by ALPN, HTTP/1.1 to others', async () => {
  const { listener, port } = await listen({ key, cert });
  const session = http2.connect(`https://localhost:${port}`, { ca: cert });
  expect(await request2(session, { ':path': '/two' })).toMatchObject({ text: 'HTTP/2.0 GET /two ' });
  session.close();
  const request = https.get({ port, host: 'localhost', path: '/one', ca: cert });
  const [response] = await once(request, 'response');
  let text = '';
  for await (const chunk of response) text += chunk;
  expect(text).toBe('HTTP/1.1 GET /one ');
  await expect(fetch(`http://127.0.0.1:${port}/`)).rejects.toThrow();
  listener.destroy();
});

test('a renewed certificate greets new connections; one that does not fit its key is told and not used', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'crosswalk-tls-'));
  const files = { certFile: join(directory, 'cert.pem'), keyFile: join(directory, 'key.pem') };
  await Promise.all([writeFile(files.certFile, cert), writeFile(files.keyFile, key)]);
  const { listener, port } = await listen(await readCertificate(files));
  const serial = async () => {
    const socket = tls.connect({ port, host: 'localhost', rejectUnauthorized: false });
    await once(socket, 'secureConnect');
    const { serialNumber } = socket.getPeerCertificate();
    socket.destroy();
    return serialNumber;
  };
  const before = await serial();
  const renewed = await generate([{ name: 'commonName', value: 'localhost' }]);
  await writeFile(files.certFile, renewed.cert);
  await expect(readCertificate(files)).rejects.toThrow('TLS_CERT_FILE and TLS_KEY_FILE cannot be used together');
  await writeFile(files.keyFile, renewed.private);
  listener.renew(await readCertificate(files));
  expect(await serial()).not.toBe(before);
  await expect(readCertificate({ ...files, keyFile: join(directory, 'none.pem') })).rejects.toThrow('TLS_KEY_FILE cannot be read');
  listener.destroy();
  await rm(directory, { recursive: true });
});

test('a renewal is taken up whichever file is written last, and however long after the other', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'crosswalk-tls-'));
  const files = { certFile: join(directory, 'cert.pem'), keyFile: join(directory, 'key.pem') };
  await Promise.all([writeFile(files.certFile, cert), writeFile(files.keyFile, key)]);
  const [renewals, problems]: [string[], unknown[]] = [[], []];
  const stop = watchCertificate(files, {
    current: await readCertificate(files),
    onRenewal: (renewed) => renewals.push(String(renewed.cert)),
    onError: (error) => problems.push(error),
    interval: 20,
  });
  const [second, third] = await Promise.all([1, 2].map(() => generate([{ name: 'commonName', value: 'localhost' }])));
  for (const renewed of [second, third]) {
    const parts = { [files.certFile]: renewed?.cert ?? '', [files.keyFile]: renewed?.private ?? '' };
    const [first = '', last = ''] = renewed === second ? [files.certFile, files.keyFile] : [files.keyFile, files.certFile];
    const told = problems.length;
    await writeFile(first, parts[first] ?? '');
    // Told again at the next look: it goes on looking.
    await expect.poll(() => problems.length).toBeGreaterThan(told + 1);
    expect(String(problems.at(-1))).toContain('cannot be used together');
    await writeFile(last, parts[last] ?? '');
    await expect.poll(() => renewals.at(-1)).toBe(renewed?.cert);
  }
  await stop();
  expect(renewals).toEqual([second?.cert, third?.cert]);
  await rm(directory, { recursive: true });
});
