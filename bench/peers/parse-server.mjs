import { createServer } from 'node:http';
import express from 'express';
import { ParseServer } from 'parse-server';
import pg from 'pg';
import { serve, settings } from './peer.mjs';

const { databaseUrl, records, groups, port } = settings;
const url = `http://127.0.0.1:${port}`;
// It reads no host from the query of the URL, where a socket is named.
const { searchParams } = new URL(databaseUrl);
const socket = searchParams.has('host') ? { host: searchParams.get('host'), port: Number(searchParams.get('port') ?? 5432) } : {};
const masterKey = 'a key that only the bench uses';
const parse = new ParseServer({
  appId: 'bench',
  masterKey,
  masterKeyIps: ['127.0.0.1', '::1'],
  maintenanceKey: 'another key that only the bench uses',
  databaseURI: databaseUrl,
  databaseOptions: socket,
  serverURL: `${url}/parse`,
  // The owner's ID is its own: the quickest look-up that it has.
  allowCustomObjectId: true,
  directAccess: true,
  silent: true,
  logsFolder: null,
  verifyServerUrl: false,
});
await parse.start();
const app = express();
app.use('/parse', parse.app);
const server = createServer(app);
await new Promise((resolve) => server.listen(port, '127.0.0.1', resolve));

const headers = { 'x-parse-application-id': 'bench', 'x-parse-master-key': masterKey, 'content-type': 'application/json' };
const made = await fetch(`${url}/parse/schemas/Organization`, {
  method: 'POST',
  headers,
  body: JSON.stringify({ className: 'Organization', fields: { displayName: { type: 'String' }, metadata: { type: 'Object' } } }),
});
if (!made.ok) throw new Error(`schema: ${made.status} ${await made.text()}`);
const pool = new pg.Pool({ connectionString: databaseUrl, max: 1 });
await pool.query(
  `insert into "Organization" ("objectId", "createdAt", "updatedAt", "displayName", metadata)
   select 'CUST-' || n, now(), now(), 'Customer ' || n,
     jsonb_build_object('plan_type', 'team', 'seats', n % 500, 'group', 'g' || n % $2::integer)
   from generate_series(1, $1::integer) n`,
  [records, groups],
);
// Made by hand for the one key that is asked for: without it every search reads the whole table.
await pool.query(`create index bench_group on "Organization" ((metadata->>'group'))`);
await pool.query('vacuum analyze');
await pool.end();
await serve({ url, token: masterKey });
