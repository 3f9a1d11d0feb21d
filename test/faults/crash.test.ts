import { Crosswalk } from '@crosswalk/sdk';
import { afterAll, expect, inject, test, vi } from 'vitest';
import { credentialSettings, credentials } from '../../tools/programs/credentials.ts';
import { freePort, type ServerProcess, startServerProcess } from '../server-process.ts';
import { type TemporaryDirectory, temporaryDirectory } from '../temporary-directory.ts';

// Programs take long to start on a busy machine.
vi.setConfig({ testTimeout: 180_000, hookTimeout: 180_000 });

const directories: TemporaryDirectory[] = [];
const servers: ServerProcess[] = [];
afterAll(async () => {
  for (const server of servers) if (server.child.exitCode === null && server.child.signalCode === null) await server.end('SIGTERM');
  for (const directory of directories) await directory.remove();
});

/** Writes of the test that kills. */
const writes = inject('long') ? 600 : 240;

test('after kill -9 in the middle of writes every acknowledged one is there, and repeating the rest with their keys makes each once (D7)', async () => {
  const directory = await temporaryDirectory('crosswalk-crash-');
  directories.push(directory);
  const env = {
    CROSSWALK_DATA_DIR: directory.path,
    ...credentialSettings,
    PORT: String(await freePort()),
  };
  const start = async () => {
    const server = await startServerProcess(env);
    servers.push(server);
    return { server, crosswalk: new Crosswalk(server.url, credentials.id, credentials.secret, { maxRetries: 0 }) };
  };

  const acknowledged = new Map<number, string>();
  const pending = new Set(Array.from({ length: writes }, (_, index) => index));
  const patched = new Set<number>();
  let { server, crosswalk } = await start();
  const shared = await crosswalk.organization.create({ display_name: 'Shared', external_id: 'SHARED' });

  // Each round writes from 16 places and is killed part of the way; the last one may finish.
  for (const killAt of [writes / 4, writes / 2, Number.POSITIVE_INFINITY]) {
    const queue = [...pending];
    let killed = false;
    const writer = async () => {
      for (let index = queue.shift(); index !== undefined && !killed; index = queue.shift()) {
        try {
          const made = await crosswalk.organization.create(
            { display_name: `Org ${index}`, metadata: { index } },
            { idempotencyKey: `make-${index}` },
          );
          acknowledged.set(index, made.id);
          await crosswalk.organization.update(
            shared.id,
            { metadata: { [`g${index % 50}`]: { [`k${index}`]: index } } },
            { idempotencyKey: `patch-${index}` },
          );
          patched.add(index);
          pending.delete(index);
        } catch (error) {
          if (!killed) throw error;
        }
        if (acknowledged.size >= killAt && !killed) {
          killed = true;
          server.child.kill('SIGKILL');
        }
      }
    };
    await Promise.all(Array.from({ length: 16 }, writer));
    if (killed) ({ server, crosswalk } = await start());
  }

  expect(acknowledged.size).toBe(writes);
  const found = new Map<number, string>();
  for await (const { id, metadata } of crosswalk.organization.list({ filter: 'metadata.index >= 0', pageSize: 100 })) {
    const index = Number(metadata.index);
    expect(found.has(index), `organization ${index} was made once`).toBe(false);
    found.set(index, id);
  }
  expect(found).toEqual(new Map([...acknowledged].sort(([, a], [, b]) => (BigInt(a.slice(4)) < BigInt(b.slice(4)) ? 1 : -1))));
  const { metadata, version } = await crosswalk.organization.get(shared.id);
  const kept = Object.values(metadata).flatMap((group) => Object.values(Object(group)));
  expect(kept).toHaveLength(writes);
  expect(version).toBe(writes + 1);
  expect(await server.end('SIGTERM')).toBe(0);
});

test('a start prints the secret of the first client once; a later start prints none', async () => {
  const directory = await temporaryDirectory('crosswalk-start-');
  directories.push(directory);
  const first = await startServerProcess({ CROSSWALK_DATA_DIR: directory.path });
  servers.push(first);
  const secret = /^CROSSWALK_CLIENT_SECRET=(.+)$/m.exec(first.output())?.[1] ?? '';
  const clientId = /^CROSSWALK_CLIENT_ID=(.+)$/m.exec(first.output())?.[1] ?? '';
  expect(first.output()).toMatch(/^CROSSWALK_ENVIRONMENT_URL=http:\/\/localhost:/m);
  await first.end('SIGINT');
  const second = await startServerProcess({ CROSSWALK_DATA_DIR: directory.path });
  servers.push(second);
  expect(second.output()).not.toContain('SECRET');
  expect(await new Crosswalk(second.url, clientId, secret).resolve(['nothing'])).toEqual([{ value: 'nothing', matches: [] }]);
  await second.end('SIGTERM');
});
