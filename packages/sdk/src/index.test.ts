import { execFile } from 'node:child_process';
import { cp, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, onTestFinished, test, vi } from 'vitest';
import { temporaryDirectory } from '../../../test/temporary-directory.ts';
import * as sdk from './index.ts';

// The compiler starts as a process of its own.
vi.setConfig({ testTimeout: 60_000 });

const root = fileURLToPath(new URL('../../../', import.meta.url));
const run = promisify(execFile);

/** The members of an object, or of a prototype, that are no fields. */
const methodsOf = (of: object) => Object.getOwnPropertyNames(of).filter((name) => name !== 'constructor');

/** A use of every method and of every part of a client, and of what the methods give. */
function program(): string {
  const client = new sdk.Crosswalk('http://localhost', 'skc_1', 'secret');
  const uses = methodsOf(sdk.Crosswalk.prototype).map((name) => `client.${name}`);
  for (const [part, of] of Object.entries(client)) {
    const prototype: object = Object.getPrototypeOf(of);
    const methods = prototype === Object.prototype ? Object.keys(of) : methodsOf(prototype);
    uses.push(`client.${part}`, ...methods.map((name) => `client.${part}.${name}`));
  }
  uses.push('client.organization.history.list', 'client.export().raw', 'client.events.list().cursor');
  return [
    "import type { Crosswalk } from '@crosswalk/sdk';",
    'declare const client: Crosswalk<{ organization: { plan: string } }>;',
    ...uses.map((use, index) => `export const use${index} = () => ${use};`),
  ].join('\n');
}

test('a program that exports what any method takes and gives can declare its types: each has a name in the SDK', async () => {
  const directory = await temporaryDirectory('crosswalk-sdk-types-');
  onTestFinished(directory.remove);
  for (const name of ['sdk', 'contract']) {
    const to = join(directory.path, 'node_modules/@crosswalk', name);
    await mkdir(to, { recursive: true });
    for (const part of ['package.json', 'dist']) await cp(join(root, 'packages', name, part), join(to, part), { recursive: true });
  }
  await writeFile(join(directory.path, 'package.json'), '{ "type": "module" }');
  await writeFile(join(directory.path, 'program.ts'), program());
  const options = ['--declaration', '--emitDeclarationOnly', '--strict', '--skipLibCheck', '--module', 'nodenext', '--target', 'es2023'];
  const { stdout } = await run(join(root, 'node_modules/.bin/tsc'), [...options, '--types', '', '--lib', 'es2023,dom', 'program.ts'], {
    cwd: directory.path,
  }).catch((error: unknown) => ({ stdout: String(Object(error).stdout) }));
  expect(stdout).toBe('');
});
