import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { runIn } from './testing.ts';

test('the help of serve names every setting that the README does, and no other', async () => {
  const readme = await readFile(new URL('../../../README.md', import.meta.url), 'utf8');
  const rows = readme.slice(readme.indexOf('| variable |')).split('\n\n', 1)[0]?.split('\n').slice(2) ?? [];
  const known = rows.flatMap((row) => [...(row.split('|')[1] ?? '').matchAll(/`(\w+)`/g)].map(([, name]) => name));
  const { status, out } = await runIn({}, ['serve', '--help']);
  const named = [...out.matchAll(/^ {2}([A-Z][A-Z_]+)(?:, ([A-Z][A-Z_]+))? {2}/gm)].flatMap(([, ...names]) => names.filter(Boolean));
  expect([status, named]).toEqual([0, known]);
  expect(known.length).toBeGreaterThan(20);
});
