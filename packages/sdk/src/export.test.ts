import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, test } from 'vitest';
import { useTestServer } from '../../server/src/testing.ts';
import { ConnectionError, Crosswalk, type TransferRow, ValidationError } from './index.ts';

const server = useTestServer();
const connect = () => new Crosswalk(server.url, server.client.clientId, server.client.clientSecret);

async function collect(rows: AsyncIterable<TransferRow>): Promise<TransferRow[]> {
  const all: TransferRow[] = [];
  for await (const row of rows) all.push(row);
  return all;
}

test('an export is iterated row by row, whatever its format, and tells where the change feed goes on', async () => {
  const crosswalk = connect();
  await crosswalk.organization.create({ display_name: 'Zürich – 東京', external_id: 'X-1', metadata: { camelKey: 1 } });
  const directory = crosswalk.export({ format: 'csv', kinds: ['organization'] });
  expect(directory.eventsCursor).toBeUndefined();
  expect(await collect(directory)).toEqual([
    { kind: 'organization', external_id: 'X-1', display_name: 'Zürich – 東京', metadata: { camelKey: 1 } },
  ]);
  await crosswalk.organization.create({ display_name: 'Later' });
  const { events } = await crosswalk.events.list(directory.eventsCursor === undefined ? {} : { after: directory.eventsCursor });
  expect(events.map(({ data }) => data.display_name)).toEqual(['Later']);
});

test('the bytes come in the wanted format, with a file name; a loop that is left ends the request', async () => {
  const crosswalk = connect();
  const { body, fileName, eventsCursor } = await crosswalk.export({ format: 'csv', kinds: ['user'] }).raw();
  expect(await new Response(body).text()).toMatch(/^kind,external_id,email/);
  expect(fileName).toMatch(/^crosswalk-users-.+\.csv$/);
  expect(eventsCursor).not.toBe('');
  for await (const row of crosswalk.export()) {
    expect(row.kind).toBe('role');
    break;
  }
  await expect(crosswalk.export({ format: 'csv' }).raw()).rejects.toThrow(ValidationError);
});

test('what a list shows is exported as the list finds it, rows and bytes alike', async () => {
  const crosswalk = connect();
  const acme = await crosswalk.organization.create({ display_name: 'Acme narrowed', metadata: { plan: 'pro' } });
  const { user } = await crosswalk.user.createUserAndMembership(acme.id, { email: 'narrow@example.com', sendInvitationEmail: false });
  await crosswalk.organization.create({ display_name: 'Globex narrowed', metadata: { plan: 'free' } });
  const filter = 'metadata.plan = "pro"';
  expect(await collect(crosswalk.export({ kinds: ['organization'], filter }))).toMatchObject([{ display_name: 'Acme narrowed' }]);
  expect(await collect(crosswalk.export({ kinds: ['organization'], query: 'narrowed' }))).toHaveLength(2);
  expect(await collect(crosswalk.export({ kinds: ['user'], organizationId: acme.id }))).toMatchObject([{ email: 'narrow@example.com' }]);
  const memberships = { kinds: ['membership' as const], organizationId: acme.id, userId: user.id, status: 'ACTIVE' as const };
  expect(await collect(crosswalk.export(memberships))).toMatchObject([{ user: { email: 'narrow@example.com' } }]);
  const { body } = await crosswalk.export({ format: 'csv', kinds: ['organization'], filter }).raw();
  expect((await new Response(body).text()).trimEnd().split('\n')).toHaveLength(2);
  await expect(collect(crosswalk.export({ filter }))).rejects.toThrow('kinds: filter narrows the rows of one kind');
});

test('an export that is cut off throws rather than ends, its bytes too, also where nothing tells how long it is', async () => {
  let isFramed = true;
  const cutting = createServer((request, response) => {
    if (request.url === '/oauth/token') return void response.end(JSON.stringify({ access_token: 't', expires_in: 60 }));
    response.useChunkedEncodingByDefault = isFramed;
    response.writeHead(200, { 'content-type': 'application/x-ndjson', ...(isFramed ? {} : { connection: 'close' }) });
    response.write('{"kind":"role","name":"a"}\n{"kind":"ro', () => setTimeout(() => response.destroy(), 50));
  });
  await new Promise<void>((resolve) => cutting.listen(0, '127.0.0.1', resolve));
  try {
    const { port } = cutting.address() as AddressInfo;
    const crosswalk = new Crosswalk(`http://127.0.0.1:${port}`, 'a', 'b');
    for (isFramed of [true, false]) {
      const rows: TransferRow[] = [];
      const reading = (async () => {
        for await (const row of crosswalk.export()) rows.push(row);
      })();
      await expect(reading).rejects.toThrow(ConnectionError);
      expect(rows).toEqual([{ kind: 'role', name: 'a' }]);
    }
    isFramed = true;
    const { body } = await crosswalk.export().raw();
    await expect(new Response(body).text()).rejects.toThrow(ConnectionError);
    const stop = new AbortController();
    const { body: aborted } = await crosswalk.export({}, { signal: stop.signal }).raw();
    stop.abort();
    await expect(new Response(aborted).text()).rejects.toMatchObject({ name: 'AbortError' });
  } finally {
    cutting.close();
  }
});

test('reconcile compares and gives the rows that mend; field names of the other system stay as they are', async () => {
  const crosswalk = connect();
  const { id } = await crosswalk.organization.create({ display_name: 'Acme', external_ids: { crm: 'A' }, metadata: { planType: 'a' } });
  const list = { kind: 'organization' as const, system: 'crm', items: [{ id: 'A', fields: { planType: 'b' } }] };
  const { different } = await crosswalk.reconcile(list);
  expect(different).toEqual([{ index: 0, id: 'A', record_id: id, differences: { 'metadata.planType': { here: 'a', there: 'b' } } }]);
  expect(await collect(crosswalk.reconcileRows(list))).toEqual([{ kind: 'organization', id, metadata: { planType: 'b' } }]);
});

test('rows that mend are of the kind that is compared, so that strict TypeScript takes them as changes of that kind', async () => {
  const crosswalk = connect();
  const { id: made } = await crosswalk.organization.create({ display_name: 'Typed', external_ids: { erp: 'T' } });
  const organizations = { kind: 'organization' as const, system: 'erp', items: [{ id: 'T', fields: { plan: 'b' } }] };
  for await (const { id, kind, ref, ...fields } of crosswalk.reconcileRows(organizations))
    if (id !== undefined) await crosswalk.organization.update(id, fields);
  expect((await crosswalk.organization.get(made)).metadata).toEqual({ plan: 'b' });
  const user = await crosswalk.user.createUser({ email: 'typed@example.com' });
  for await (const { id, kind, ref, ...fields } of crosswalk.reconcileRows({
    kind: 'user',
    system: 'hr',
    items: [{ id: 'W', email: 'typed@example.com' }],
  }))
    if (id !== undefined) await crosswalk.user.updateUser(id, fields);
  expect((await crosswalk.user.getUser(user.id)).external_ids).toEqual({ hr: 'W' });
  // Of rows of any kind, the kind tells which.
  for await (const row of crosswalk.export()) if (row.kind === 'user') expect(row.email).toContain('@');
});
