import { expect, test } from 'vitest';
import { useTestServer } from '../testing.ts';
import { openPool } from './connection.ts';
import { inTurn, type TurnOptions } from './in-turn.ts';

const server = useTestServer();

/** Work under way, which ends when it is let go. */
async function begin(key: number, options?: TurnOptions & { pool: ReturnType<typeof openPool> }) {
  let letGo = () => {};
  let turn: Promise<boolean> = Promise.resolve(false);
  await new Promise<void>((resolve) => {
    turn = inTurn(
      options?.pool ?? server.database.pool,
      key,
      () => {
        resolve();
        return new Promise((ended) => {
          letGo = ended;
        });
      },
      options,
    );
  });
  // Heard from now on, whenever it is awaited.
  turn.catch(() => {});
  return { turn, letGo };
}

const nothing = async () => {};

test('of two one works, and the next one when it has ended or failed', async () => {
  const { pool } = server.database;
  const { turn, letGo } = await begin(1);
  expect(await inTurn(pool, 1, () => Promise.reject(new Error('both at once')))).toBe(false);
  expect(await inTurn(pool, 2, nothing)).toBe(true);
  letGo();
  expect(await turn).toBe(true);
  await expect(inTurn(pool, 1, () => Promise.reject(new Error('no luck')))).rejects.toThrow('no luck');
  expect(await inTurn(pool, 1, nothing)).toBe(true);
});

test('work may take longer than a transaction may be idle; a connection that says no more has no turn', async () => {
  const limited = openPool(server.database.connection);
  limited.on('connect', (client) => {
    client.query('set idle_in_transaction_session_timeout = 1000').catch(() => {});
  });
  const long = await begin(3, { pool: limited, beat: 100 });
  const silent = await begin(4, { pool: limited, beat: 60_000 });
  await new Promise((resolve) => setTimeout(resolve, 2_500));
  expect([await inTurn(server.database.pool, 3, nothing), await inTurn(server.database.pool, 4, nothing)]).toEqual([false, true]);
  for (const { letGo } of [long, silent]) letGo();
  expect(await long.turn).toBe(true);
  await expect(silent.turn).rejects.toThrow();
  await limited.end();
});

test('nothing that waits for old snapshots waits for it', async () => {
  const { turn, letGo } = await begin(5);
  const { rows } = await server.database.pool.query(
    `select a.backend_xmin from pg_locks l join pg_stat_activity a using (pid) where l.locktype = 'advisory' and l.objid = 5 and a.datname = current_database()`,
  );
  expect(rows).toEqual([{ backend_xmin: null }]);
  letGo();
  await turn;
});
