import type { Import } from '@crosswalk/contract';
import type { TestClient, TestServer } from '../testing.ts';

/** What a test sends: rows that become NDJSON, or the file itself. */
export type File = readonly object[] | string | Uint8Array<ArrayBuffer> | ReadableStream<Uint8Array>;

/** Sends a file; an answer of any status. */
export async function upload(
  { url }: TestServer,
  client: TestClient,
  file: File,
  query = '',
  headers: Record<string, string> = {},
): Promise<{ status: number; body: unknown; code: string | undefined; message: string | undefined; headers: Headers }> {
  const isRows = Array.isArray(file);
  const init: RequestInit = {
    method: 'POST',
    headers: {
      authorization: `Bearer ${client.token}`,
      'content-type': query.includes('format=csv') ? 'text/csv' : 'application/x-ndjson',
      ...headers,
    },
    body: isRows ? ndjson(file) : (file as BodyInit),
    ...(file instanceof ReadableStream ? { duplex: 'half' } : {}),
  };
  const response = await fetch(`${url}/api/v1/imports${query}`, init);
  const body: unknown = await response.json();
  return {
    status: response.status,
    body,
    code: Object(body).details?.[0]?.error_code,
    message: Object(body).message,
    headers: response.headers,
  };
}

/** Rows as NDJSON. */
export function ndjson(rows: readonly object[]): string {
  return rows.map((row) => `${JSON.stringify(row)}\n`).join('');
}

/** Waits until an import has ended. */
export async function ended({ request }: Pick<TestClient, 'request'>, id: string): Promise<Import> {
  for (;;) {
    const found = Object((await request('GET', `/api/v1/imports/${id}`)).body).import;
    if (found.finish_time !== null) return found;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** Sends the beginning of a file and nothing more, until it is aborted. */
export function uploadWithoutEnd(server: TestServer, client: TestClient, text: string, signal: AbortSignal): Promise<Response> {
  const init = {
    method: 'POST',
    body: new ReadableStream<Uint8Array>({ start: (controller) => controller.enqueue(new TextEncoder().encode(text)) }),
    duplex: 'half',
    signal,
    headers: { authorization: `Bearer ${client.token}`, 'content-type': 'application/x-ndjson' },
  };
  return fetch(`${server.url}/api/v1/imports`, init);
}

/** Sends a file that is taken and waits until it is done. */
export async function imported(server: TestServer, client: TestClient, file: File, query = ''): Promise<Import> {
  const { status, body } = await upload(server, client, file, query);
  if (status !== 202) throw new Error(`the file was not taken: ${JSON.stringify(body)}`);
  return ended(client, Object(body).import.id);
}

/** The rejected rows of an import: line, field and code of each. */
export async function errorsOf({ request }: Pick<TestClient, 'request'>, id: string): Promise<[number, string, string][]> {
  const { body } = await request('GET', `/api/v1/imports/${id}/errors?limit=1000`);
  return Object(body).errors.map(({ line, field, error_code: code }: { line: number; field: string; error_code: string }) => [
    line,
    field,
    code,
  ]);
}
