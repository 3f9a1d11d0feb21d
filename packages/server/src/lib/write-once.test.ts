import { readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type TemporaryDirectory, temporaryDirectory } from '../../../../test/temporary-directory.ts';
import { writeOnce } from './write-once.ts';

let directory: TemporaryDirectory;
beforeAll(async () => {
  directory = await temporaryDirectory('crosswalk-write-once-');
});
afterAll(() => directory.remove());

test('of many writers at once one wins, all learn its text, and no draft is left', async () => {
  const path = join(directory.path, 'race');
  const texts = await Promise.all(Array.from({ length: 20 }, (_, index) => writeOnce(path, `writer ${index}`, 0o600)));
  expect(new Set(texts).size).toBe(1);
  expect(await readFile(path, 'utf8')).toBe(`${texts[0]}\n`);
  expect((await stat(path)).mode & 0o777).toBe(0o600);
  expect(await readdir(directory.path)).toEqual(['race']);
});

test('what is there stays, even when it is empty', async () => {
  const path = join(directory.path, 'there');
  await writeFile(path, '');
  expect(await writeOnce(path, 'new')).toBe('');
  expect(await readFile(path, 'utf8')).toBe('');
});

test('a directory that is not there is an error', async () => {
  await expect(writeOnce(join(directory.path, 'none', 'file'), 'text')).rejects.toThrow('ENOENT');
});
