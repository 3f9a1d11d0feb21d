import { expect, test } from 'vitest';
import { useTestServer } from '../testing.ts';

const server = useTestServer();
const codeOf = (body: unknown): unknown => Object(body).details?.[0]?.error_code;

interface Operation {
  operationId: string;
  security?: { oauth?: string[] }[];
  responses: Record<string, { description: string }>;
}

/** The operations that read a key and keep no answer under it, and why that is so. */
const keepsNone: Record<string, string> = {
  createImport: 'keeps the key with the import: the same upload again is that import, whatever has become of it',
  cancelImport: 'ends the import once anyway',
  replayWebhooks: 'sends again as often as it is asked to',
  testWebhookEndpoint: 'sends a sample as often as it is asked to',
};

/** The path of an operation with IDs of no record: the key is read before that is noticed. */
const addressOf = (path: string) => path.replace(/\{[a-z_]+\}/g, 'x');

test('every POST and PATCH that changes something keeps its answer under an Idempotency-Key, refuses the key, or has a reason for neither', async () => {
  const document: { paths: Record<string, Record<string, Operation>> } = await (await fetch(`${server.url}/openapi.json`)).json();
  const changes = Object.entries(document.paths).flatMap(([path, methods]) =>
    ['post', 'patch'].flatMap((method) => {
      const operation = methods[method];
      return operation?.security?.[0]?.oauth?.[0] === 'write' ? [{ method: method.toUpperCase(), path, operation }] : [];
    }),
  );
  expect(changes.length).toBeGreaterThan(60);
  const neither: string[] = [];
  for (const { method, path, operation } of changes) {
    const name = `${method} ${path}`;
    const codes = Object.values(operation.responses).flatMap(({ description }) => description.match(/IDEMPOTENCY_KEY_[A-Z]+/g) ?? []);
    const [kind, ...others] = codes;
    expect([name, others]).toEqual([name, []]);
    if (kind === undefined) neither.push(operation.operationId);
    const send = async (key: string) =>
      codeOf((await server.client.request(method, addressOf(path), undefined, { 'idempotency-key': key })).body);
    expect([name, await send('k'.repeat(300))]).toEqual([name, 'INVALID_IDEMPOTENCY_KEY']);
    expect([name, (await send('k')) === 'IDEMPOTENCY_KEY_REFUSED']).toEqual([name, kind === 'IDEMPOTENCY_KEY_REFUSED']);
  }
  expect(neither.sort()).toEqual(Object.keys(keepsNone).sort());
});
