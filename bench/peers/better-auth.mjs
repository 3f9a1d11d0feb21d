import { createServer } from 'node:http';
import { betterAuth } from 'better-auth';
import { getMigrations } from 'better-auth/db/migration';
import { toNodeHandler } from 'better-auth/node';
import { organization } from 'better-auth/plugins';
import pg from 'pg';
import { serve, settings } from './peer.mjs';

/** Users with a session each: a creator's organizations are read at each creation, so that one alone would slow it down. */
const users = 40;

const { databaseUrl, records, groups, port } = settings;
const url = `http://127.0.0.1:${port}`;
const pool = new pg.Pool({ connectionString: databaseUrl });
const auth = betterAuth({
  baseURL: url,
  secret: 'a secret that only the bench uses',
  database: pool,
  emailAndPassword: { enabled: true },
  // As its guide to performance advises: a session is not read from the database at each request.
  session: { cookieCache: { enabled: true, maxAge: 3600 } },
  // It would answer 429 after a hundred requests.
  rateLimit: { enabled: false },
  telemetry: { enabled: false },
  plugins: [organization()],
});
const { runMigrations } = await getMigrations(auth.options);
await runMigrations();
const handler = toNodeHandler(auth);
const server = createServer((request, response) => void handler(request, response));
await new Promise((resolve) => server.listen(port, '127.0.0.1', resolve));

const cookies = [];
for (let n = 0; n < users; n += 1) {
  const response = await fetch(`${url}/api/auth/sign-up/email`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', origin: url },
    body: JSON.stringify({ name: `User ${n}`, email: `user-${n}@example.com`, password: 'a password of the bench' }),
  });
  if (!response.ok) throw new Error(`sign-up: ${response.status} ${await response.text()}`);
  cookies.push(
    response.headers
      .getSetCookie()
      .map((cookie) => cookie.split(';', 1)[0])
      .join('; '),
  );
}
// Whoever looks an organization up or changes it must be a member of it.
await pool.query(
  `insert into organization (id, name, slug, "createdAt", metadata)
   select 'org-' || n, 'Customer ' || n, 'CUST-' || n, now(),
     json_build_object('plan_type', 'team', 'seats', n % 500, 'group', 'g' || n % $2::integer)::text
   from generate_series(1, $1::integer) n`,
  [records, groups],
);
await pool.query(
  `insert into member (id, "organizationId", "userId", role, "createdAt")
   select 'member-' || n, 'org-' || n, (select id from "user" where email = 'user-0@example.com'), 'owner', now()
   from generate_series(1, $1::integer) n`,
  [records],
);
// The indexes that its guide to performance lists, where it did not make them itself.
await pool.query('create index if not exists bench_slug on organization (slug)');
await pool.query('create index if not exists bench_member_user on member ("userId")');
await pool.query('create index if not exists bench_member_organization on member ("organizationId")');
await pool.query('vacuum analyze');
await serve({ url, token: JSON.stringify(cookies) });
