import { request as httpRequest } from 'node:http';
import { connect } from 'node:net';
import type { TestServer } from '../../packages/server/src/testing.ts';

/**
 * A bad input and the answer it must get. `row` is its name in the catalogue of inputs: E external IDs, K and V
 * metadata, M addresses, N names, P pages and filters, I IDs and paths, H headers, B bodies, D idempotency keys.
 */
export interface Input {
  row: string;
  method?: string;
  path: string;
  /** JSON of an object, or a text or bytes as they are */
  body?: object | string | Uint8Array;
  headers?: Record<string, string>;
  /** a status that must come, or several that may */
  expect: number | number[];
  /** the field that the error must name */
  names?: string | RegExp;
  /** a field of the answer that must come back byte for byte */
  keeps?: { at: string; value: unknown };
}

/** What came back. */
export interface Answer {
  status: number;
  headers: Record<string, string | string[] | undefined>;
  text: string;
}

function bytesOf(body: Input['body']): Buffer | undefined {
  if (body === undefined) return undefined;
  if (typeof body === 'string' || body instanceof Uint8Array) return Buffer.from(body);
  return Buffer.from(JSON.stringify(body));
}

/** Sends an input over node:http, which sends paths and headers as they are where fetch would tidy them. */
export function send(server: TestServer, { method = 'GET', path, body, headers = {} }: Omit<Input, 'row' | 'expect'>): Promise<Answer> {
  const bytes = bytesOf(body);
  return new Promise((resolve, reject) => {
    const outgoing = httpRequest(
      server.url,
      {
        method,
        path,
        headers: {
          authorization: `Bearer ${server.client.token}`,
          ...(bytes === undefined ? {} : { 'content-length': bytes.length, 'content-type': 'application/json' }),
          ...headers,
        },
      },
      (incoming) => {
        const chunks: Buffer[] = [];
        incoming
          .on('data', (chunk) => chunks.push(chunk))
          .on('end', () =>
            resolve({ status: incoming.statusCode ?? 0, headers: incoming.headers, text: Buffer.concat(chunks).toString() }),
          );
      },
    );
    outgoing.on('error', reject);
    outgoing.end(bytes);
  });
}

/** What came back over a bare connection. */
export interface RawAnswer {
  text: string;
  /** whether the server ended the connection, within the time waited */
  closed: boolean;
}

/**
 * Writes bytes as they are and gathers what comes until `isDone` of it, or until the server ends the connection.
 * `last` may follow when `isDone` holds.
 */
export function sendRaw(
  server: TestServer,
  bytes: string | Uint8Array,
  isDone: (text: string) => boolean = () => false,
): Promise<RawAnswer> {
  return new Promise((resolve, reject) => {
    let text = '';
    const socket = connect({ port: Number(new URL(server.url).port), host: '127.0.0.1' }, () => socket.write(bytes));
    socket
      .on('data', (chunk) => {
        text += chunk.toString('latin1');
        if (!isDone(text)) return;
        resolve({ text, closed: false });
        socket.destroy();
      })
      .on('close', () => resolve({ text, closed: true }))
      .on('error', (error) => (text === '' ? reject(error) : resolve({ text, closed: true })));
  });
}

/** The member of a JSON value at a path such as `organization.metadata`. */
export function at(value: unknown, path: string): unknown {
  return path.split('.').reduce((inner: unknown, key) => Object(inner)[key], value);
}
