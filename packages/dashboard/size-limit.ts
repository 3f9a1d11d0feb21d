import { gzipSync } from 'node:zlib';
import type { Plugin, Rolldown } from 'vite';

/** The most JavaScript that is loaded before a page is there when the dashboard begins with it, compressed. Bytes. */
const limit = 250_000;

/** Fails the build when what a page loads has grown beyond the limit: editors and charts are loaded when they are needed. */
export function sizeLimit(): Plugin {
  return {
    name: 'size-limit',
    apply: 'build',
    generateBundle(_options, bundle) {
      const chunks = Object.values(bundle).filter((file) => file.type === 'chunk');
      const entries = chunks.filter(({ isEntry }) => isEntry);
      const pages = chunks.filter(
        ({ facadeModuleId }) => facadeModuleId !== null && /\/src\/pages\/[^/]+\/index\.tsx$/.test(facadeModuleId),
      );
      for (const page of pages) {
        const size = sizeOf([...entries, page], bundle);
        if (size > limit)
          this.error(
            `${page.name} loads ${size} bytes of compressed JavaScript, more than ${limit}: load what it does not need at once by import()`,
          );
      }
    },
  };
}

/** What chunks and all that they import take, compressed. Bytes. */
function sizeOf(chunks: Rolldown.OutputChunk[], bundle: Rolldown.OutputBundle): number {
  const counted = new Map<string, number>();
  const add = (chunk: Rolldown.OutputChunk) => {
    if (counted.has(chunk.fileName)) return;
    counted.set(chunk.fileName, gzipSync(chunk.code, { level: 9 }).length);
    for (const name of chunk.imports) {
      const imported = bundle[name];
      if (imported?.type === 'chunk') add(imported);
    }
  };
  for (const chunk of chunks) add(chunk);
  return [...counted.values()].reduce((sum, size) => sum + size, 0);
}
