import { request as httpRequest } from 'node:http';
import { connect } from 'node:net';
import type { TestServer } from '../../packages/server/src/testing.ts';
import type { Input } from './catalogue/chapter.ts';
import { made } from './catalogue/index.ts';

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
export function send(
  server: Pick<TestServer, 'url' | 'client'>,
  { method = 'GET', path, body, headers = {} }: Omit<Input, 'row' | 'expect'>,
): Promise<Answer> {
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

/** Writes bytes as they are and gathers what comes until `isDone` of it, or until the server ends the connection. */
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

/** Makes the records that inputs of the catalogue change; gives the ID of the organization. */
export async function prepare(server: Pick<TestServer, 'url' | 'client'>): Promise<string> {
  let organization = '';
  for (const input of made) {
    const { status, text } = await send(server, { ...input, path: input.path.replace('{organization}', organization) });
    if (status !== input.expect) throw new Error(`a record of the catalogue was not made: ${text}`);
    if (organization === '') organization = String(at(JSON.parse(text), 'organization.id'));
  }
  return organization;
}
