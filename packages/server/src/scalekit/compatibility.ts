import { publishedMethods, reasonNotOffered } from './catalogue.ts';
import type { Method } from './grpc/method.ts';

/** `docs/compatibility.md`: every method that Scalekit publishes, made from its descriptors and from the methods registered here. */
export function compatibilityPage(offered: ReadonlyMap<string, Method>): string {
  const services = new Map<string, string[]>();
  for (const { path, service, method } of publishedMethods.values()) {
    const answer = offered.has(path) ? 'offered' : `not offered: ${reasonNotOffered(path)}`;
    services.set(service.typeName, [...(services.get(service.typeName) ?? []), `| ${method.name} | ${answer} |`]);
  }
  const total = publishedMethods.size;
  const sections = [...services].map(([name, rows]) => `## ${name}\n\n| method | |\n|---|---|\n${rows.join('\n')}\n`);
  return `# Compatibility with Scalekit's API

${offered.size} of the ${total} methods that \`@scalekit-sdk/node\` publishes are offered, on the same port as REST. The others answer
\`UNIMPLEMENTED\` with the error code \`NOT_OFFERED\` and the reason below. This page is written from the published descriptors and
the registered methods by \`npm run docs\`; a test holds it to them.

Metadata, attributes and claims are maps of texts on this surface, and a key that one message has twice has its last value, as the rules of
protobuf are; the JSON of REST is refused for it. A message with a field that these descriptors do not have, at any level, is refused with
\`UNKNOWN_FIELD\`. The metadata \`if-match\`, \`if-none-match\` and \`idempotency-key\` of a call mean what the headers mean over REST: a
version that does not match is \`ABORTED\`, and an answer that is a repeated one has the metadata \`idempotent-replayed\`.

Over REST, three things are not as Scalekit's OpenAPI has them: a deletion, such as that of a role or a membership, answers 204 without a body where it has 200 with JSON;
\`expiry\` of a client of an organization is taken as text and as a number, and always answered as a number; and the methods of SessionService
are offered over gRPC alone.

${sections.join('\n')}`;
}
