import { beforeAll, expect, test } from 'vitest';
import { useTestServer } from '../../server/src/testing.ts';
import { Crosswalk, NotFoundError, ValidationError } from './index.ts';

const server = useTestServer();
let crosswalk: Crosswalk;
beforeAll(() => {
  server.startWork();
  crosswalk = new Crosswalk(server.url, server.client.clientId, server.client.clientSecret);
});
const done = async (made: Promise<{ id: string }>) => crosswalk.imports.wait((await made).id, { interval: 20 });

test('a file may be a text, bytes, a stream, or an iterable of rows, texts or bytes', async () => {
  const row = (name: string) => ({ kind: 'user', email: `${name}@sdk.example` }) as const;
  const text = (name: string) => `${JSON.stringify(row(name))}\n`;
  const bytes = (name: string) => new Uint8Array(Buffer.from(text(name)));
  async function* slowly() {
    yield row('f');
    yield text('g');
    yield bytes('h');
  }
  // Of whichever buffer the types do not tell, and of one that another thread may have.
  const whichever: Uint8Array = bytes('i');
  const shared = new Uint8Array(new SharedArrayBuffer(text('j').length));
  shared.set(bytes('j'));
  const sources = [text('a'), bytes('b'), whichever, shared, new Blob([text('c')]).stream(), [row('d'), row('e')], slowly()];
  const counts = [];
  for (const source of sources) counts.push((await done(crosswalk.imports.create(source))).counts.user.created);
  expect(counts).toEqual([1, 1, 1, 1, 1, 2, 3]);
});

test('options go along in either spelling; progress is told; errors and rejected rows are read to their end', async () => {
  const rows = Array.from({ length: 1500 }, (_, index) => ({ kind: 'user' as const, email: `bad ${index}` }));
  const seen: number[] = [];
  const made = await crosswalk.imports.create(rows, { dryRun: true, onConflict: 'leave', matchBy: 'external_id', send_invitations: true });
  expect(made.options).toMatchObject({
    dry_run: true,
    on_conflict: 'leave',
    match_by: 'external_id',
    send_invitations: true,
    mode: 'upsert',
  });
  const ended = await crosswalk.imports.wait(made.id, { interval: 20, onProgress: ({ rows_done: count }) => seen.push(count) });
  expect([ended.rows_rejected, seen.at(-1)]).toEqual([1500, 1500]);
  const lines = [];
  for await (const { line } of crosswalk.imports.errors(made.id)) lines.push(line);
  expect(lines).toEqual(rows.map((_, index) => index + 1));
  const text = await new Response(await crosswalk.imports.rejected(made.id)).text();
  expect(text).toBe(rows.map((row) => `${JSON.stringify(row)}\n`).join(''));
});

test('abort ends a wait at once', async () => {
  const stop = new AbortController();
  const { id } = await crosswalk.imports.create([{ kind: 'user', email: 'waited@sdk.example' }]);
  const began = performance.now();
  const waiting = crosswalk.imports.wait(id, {
    interval: 20_000,
    signal: stop.signal,
    onProgress: () => setTimeout(() => stop.abort(), 10),
  });
  // Unless it was over when it was asked for.
  await waiting.catch((error: unknown) => expect(error).toMatchObject({ name: 'AbortError' }));
  expect(performance.now() - began).toBeLessThan(10_000);
  await crosswalk.imports.wait(id, { interval: 20 });
});

test('imports are listed, canceled and missed', async () => {
  const { imports } = await crosswalk.imports.list({ pageSize: 1 });
  expect(imports).toHaveLength(1);
  await expect(crosswalk.imports.get('imp_7')).rejects.toThrow(NotFoundError);
  await expect(crosswalk.imports.cancel(imports[0]?.id ?? '')).rejects.toMatchObject({ errorCode: 'IMPORT_ENDED' });
  await expect(crosswalk.imports.create('[]')).rejects.toThrow(ValidationError);
});
