import { expect, test } from 'vitest';
import { useTestServer } from '../testing.ts';
import { publishedMethods } from './catalogue.ts';
import { compatibilityPage } from './compatibility.ts';

const server = useTestServer();

test('docs/compatibility.md tells of every published method whether it is offered (npm run docs writes it)', async () => {
  await expect(compatibilityPage(server.scalekit.methods)).toMatchFileSnapshot('../../../../docs/compatibility.md');
});

test('every method that is offered is one that Scalekit publishes', () => {
  expect([...server.scalekit.methods.keys()].filter((path) => !publishedMethods.has(path))).toEqual([]);
});
