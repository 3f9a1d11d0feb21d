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

${sections.join('\n')}`;
}
