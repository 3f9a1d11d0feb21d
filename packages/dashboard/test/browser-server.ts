import { randomUUID } from 'node:crypto';
import { createServer } from 'node:http';
import type { BrowserServer } from 'playwright-core';
import type { TestProject } from 'vitest/node';
import { startChromium } from './chromium.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** answers with the address of the browser of this run, which the first question starts */
    browserUrl: string;
  }
}

/** One browser for a whole run, started by the first file that asks for it. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  let browser: Promise<BrowserServer> | undefined;
  const path = `/${randomUUID()}`;
  const server = createServer((request, response) => {
    if (request.url !== path) return void response.writeHead(404).end();
    browser ??= startChromium();
    browser.then(
      (started) => response.end(started.wsEndpoint()),
      (error: unknown) => response.writeHead(500).end(error instanceof Error ? error.message : String(error)),
    );
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  server.unref();
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the server of the browser has no port');
  project.provide('browserUrl', `http://127.0.0.1:${address.port}${path}`);
  return async () => {
    server.close();
    await (await browser)?.close();
  };
}
