import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';

export default defineConfig({
  // The server serves the page here.
  base: '/dashboard/',
  plugins: [react()],
  // Everything is a file of our own origin: the content security policy allows no inline script and no data: font.
  build: { assetsInlineLimit: 0, modulePreload: { polyfill: false }, chunkSizeWarningLimit: 1000 },
});
