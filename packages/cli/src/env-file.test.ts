import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, onTestFinished, test } from 'vitest';

const program = fileURLToPath(new URL('../dist/main.js', import.meta.url));

/** The built command in a folder of its own, after that was furnished. */
async function runAfter(furnish: (path: string) => Promise<unknown>, ...args: string[]) {
  const directory = await mkdtemp(join(tmpdir(), 'crosswalk-env-'));
  onTestFinished(() => rm(directory, { recursive: true }));
  await furnish(join(directory, '.env'));
  const env = { PATH: process.env.PATH ?? '', XDG_CONFIG_HOME: directory };
  return promisify(execFile)(process.execPath, [program, ...args], { cwd: directory, env }).then(
    ({ stdout, stderr }) => ({ status: 0, out: stdout, err: stderr }),
    ({ code, stdout, stderr }) => ({ status: code, out: stdout, err: stderr }),
  );
}

test('a folder .env, such as Python makes, is no file of settings', async () => {
  const makeFolder = (path: string) => mkdir(path);
  expect(await runAfter(makeFolder, 'profiles', '--json')).toEqual({
    status: 0,
    out: '[]\n',
    err: 'there are none: make one with crosswalk login\n',
  });
  const { status, err } = await runAfter(makeFolder, 'orgs', 'list');
  expect([status, err]).toEqual([2, expect.stringContaining('there is no file .env here')]);
});

test('a file .env that cannot be read is refused in one line: without it another environment could be meant', async () => {
  // A file whose first bytes nobody can read, not even root.
  const { status, err } = await runAfter((path) => symlink('/proc/self/mem', path), 'profiles');
  expect([status, err]).toEqual([2, expect.stringMatching(/^crosswalk: \.env cannot be read: EIO[^\n]*\n$/)]);
});
