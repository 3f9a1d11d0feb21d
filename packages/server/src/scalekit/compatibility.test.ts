import type { DescMessage } from '@bufbuild/protobuf';
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

test('no offered method takes a Struct, whose numbers and nesting JSON cannot hold (V17)', () => {
  const struct = 'google.protobuf.Struct';
  const taking = [...publishedMethods.values()].filter(({ method }) => messagesIn(method.input).has(struct)).map(({ path }) => path);
  // There are methods that take one; none of them is offered.
  expect(taking.length).toBeGreaterThan(0);
  expect(taking.filter((path) => server.scalekit.methods.has(path))).toEqual([]);
});

/** The types of a message and of all that it has in it. */
function messagesIn(message: DescMessage, found = new Set<string>()): Set<string> {
  if (found.has(message.typeName)) return found;
  found.add(message.typeName);
  for (const field of message.fields) if (field.message !== undefined) messagesIn(field.message, found);
  return found;
}
