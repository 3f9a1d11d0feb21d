import { execFile } from 'node:child_process';
import { access, mkdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, onTestFinished, test, vi } from 'vitest';
import { credentialSettings, credentials } from '../tools/programs/credentials.ts';
import { spawnServer } from './server-process.ts';
import { temporaryDirectory } from './temporary-directory.ts';

// npm alone takes five seconds, and the server starts with its own database.
vi.setConfig({ testTimeout: 120_000 });

const run = promisify(execFile);
const root = fileURLToPath(new URL('..', import.meta.url));
const packages = ['@crosswalk/contract', '@crosswalk/sdk', '@crosswalk/server', 'crosswalk-cli'];

/**
 * Installs what `npm pack` makes into a directory, as `npm install` would: the packages with the files that they hold, and from the libraries that
 * are installed here those that they declare.
 */
async function install(directory: string): Promise<void> {
  const modules = join(directory, 'node_modules');
  const { stdout } = await run(
    'npm',
    ['pack', '--json', '--silent', '--pack-destination', directory, ...packages.flatMap((name) => ['--workspace', name])],
    { cwd: root },
  );
  const packed: { name: string; filename: string }[] = Object.values(JSON.parse(stdout));
  expect(packed.map(({ name }) => name).sort()).toEqual(packages.toSorted());
  for (const { name, filename } of packed) {
    const place = join(modules, name);
    await mkdir(place, { recursive: true });
    await run('tar', ['-xzf', join(directory, filename), '-C', place, '--strip-components=1']);
    for (const file of ['README.md', 'LICENSE']) await access(join(place, file));
    const { dependencies = {} }: { dependencies?: Record<string, string> } = JSON.parse(
      await readFile(join(place, 'package.json'), 'utf8'),
    );
    for (const library of Object.keys(dependencies).filter((one) => !packages.includes(one))) {
      await mkdir(dirname(join(modules, library)), { recursive: true });
      await symlink(join(root, 'node_modules', library), join(modules, library)).catch(ignoreExisting);
    }
  }
}

/** Two packages may want one library. */
function ignoreExisting(error: unknown): void {
  if (Object(error).code !== 'EEXIST') throw error;
}

test('what is packed serves the API, its page and the dashboard, and the command and the SDK reach it, without this repository', async () => {
  const directory = await temporaryDirectory('crosswalk-packages-');
  onTestFinished(directory.remove);
  await install(directory.path);
  const command = join(directory.path, 'node_modules/crosswalk-cli/bin/crosswalk.js');
  const server = await spawnServer(
    { ...credentialSettings, CROSSWALK_DATA_DIR: join(directory.path, 'data') },
    { program: command, parameters: ['serve'] },
  );
  onTestFinished(async () => {
    await server.end('SIGTERM');
  });
  await server.printed('Crosswalk is listening');
  const page = await (await fetch(`${server.url}/dashboard/`)).text();
  const [, script] = /<script[^>]+src="([^"]+)"/.exec(page) ?? [];
  for (const path of [script ?? 'no script', '/docs', '/openapi.json'])
    expect([path, (await fetch(new URL(path, server.url))).status]).toEqual([path, 200]);

  const settings = {
    cwd: directory.path,
    env: {
      PATH: process.env.PATH,
      CROSSWALK_ENVIRONMENT_URL: server.url,
      CROSSWALK_CLIENT_ID: credentials.id,
      CROSSWALK_CLIENT_SECRET: credentials.secret,
    },
  };
  await writeFile(
    join(directory.path, 'product.mjs'),
    `import { Crosswalk } from '@crosswalk/sdk';
     const { CROSSWALK_ENVIRONMENT_URL, CROSSWALK_CLIENT_ID, CROSSWALK_CLIENT_SECRET } = process.env;
     const crosswalk = new Crosswalk(CROSSWALK_ENVIRONMENT_URL, CROSSWALK_CLIENT_ID, CROSSWALK_CLIENT_SECRET);
     await crosswalk.organization.create({ display_name: 'Acme', external_id: 'CUST-1' });`,
  );
  await run(process.execPath, ['product.mjs'], settings);
  const { stdout } = await run(process.execPath, [command, 'orgs', 'get', '--external-id', 'CUST-1', '--json'], settings);
  expect(JSON.parse(stdout)).toMatchObject({ display_name: 'Acme', external_id: 'CUST-1' });
});
