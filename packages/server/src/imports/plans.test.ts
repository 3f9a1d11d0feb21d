import { beforeAll, expect, test } from 'vitest';
import { useTestServer } from '../testing.ts';
import { imported } from './testing.ts';

/** A new database: nobody has counted what is in its tables. */
const server = useTestServer();
beforeAll(() => server.startWork());

const customers = 1_500;

test('an import in one transaction into an empty database finds each record by its key, however many it has made', async () => {
  const rows = Array.from({ length: customers }, (_, n) => {
    const [organization, user] = [{ external_id: `o-${n}` }, { external_id: `u-${n}` }];
    return [
      { kind: 'organization', ...organization, display_name: 'Customer' },
      { kind: 'user', ...user, email: `u-${n}@plans.example` },
      { kind: 'membership', organization, user, roles: ['member'] },
    ];
  }).flat();
  expect(await imported(server, server.client, rows, '?atomic=true')).toMatchObject({
    state: 'DONE',
    counts: { membership: { created: customers } },
  });
  const read = async () => {
    const { rows } = await server.database.pool.query<{ table: string; scans: number; entries: number }>(
      `select relname as table, sum(idx_scan)::integer as scans, sum(idx_tup_read)::integer as entries
       from pg_stat_user_indexes where relname in ('organizations', 'users') group by relname order by relname`,
    );
    return rows;
  };
  // The connection tells what it has read some seconds later. Each membership looks both up, to check its foreign keys.
  await expect.poll(async () => (await read()).every(({ scans }) => scans >= customers)).toBe(true);
  // Half of all, where each looks through those that were made before it; the first batches may.
  for (const { entries } of await read()) expect(entries).toBeLessThan((customers * customers) / 5);
});
