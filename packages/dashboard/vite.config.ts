import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';
import { compressedFiles } from './compressed-files.ts';
import { sizeLimit } from './size-limit.ts';

export default defineConfig({
  // The server serves the page here.
  base: '/dashboard/',
  plugins: [react(), sizeLimit(), compressedFiles()],
  // Everything is a file of our own origin: the content security policy allows no inline script and no data: font.
  build: {
    // Part of the server's package, which serves it wherever that is installed.
    outDir: '../server/dist/dashboard',
    emptyOutDir: true,
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    chunkSizeWarningLimit: 1000,
    rolldownOptions: {
      checks: { pluginTimings: false },
      // What half of the pages use is one file, rather than dozens of a few hundred bytes each; what few use stays with those that need it.
      // What begins before the libraries is a file of its own, with the little that loads files.
      output: {
        codeSplitting: {
          groups: [
            { name: 'begin', test: /preload-helper|\/src\/(?:begin|pages)\.ts$/, priority: 1 },
            { name: 'shared', minShareCount: 10 },
          ],
        },
      },
    },
  },
});
