import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { promisify } from 'node:util';
import { type Browser, type BrowserServer, chromium, type LaunchOptions } from 'playwright-core';

const run = promisify(execFile);

/** Where systems keep a Chromium or a Chrome. */
const places = [
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/usr/bin/google-chrome-stable',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  '/Applications/Chromium.app/Contents/MacOS/Chromium',
  'C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe',
];

/** It draws pages and speaks to nobody but the page's own server. */
const flags = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** How to start the browser of the tests. `CHROME_PATH` names another one. Throws when there is none, and says how to get one. */
async function launchOptions(): Promise<LaunchOptions> {
  return { executablePath: findChromium() ?? (await installChromium()), args: flags, headless: true };
}

/** Starts a browser that several processes may use, each by contexts of its own. */
export async function startChromium(): Promise<BrowserServer> {
  return chromium.launchServer(await launchOptions());
}

/** Starts a browser of one's own. */
export async function launchChromium(): Promise<Browser> {
  return chromium.launch(await launchOptions());
}

function findChromium(): string | undefined {
  return [process.env.CHROME_PATH ?? '', ...places].find((path) => path !== '' && existsSync(path));
}

/** On Debian as root a browser can be had; elsewhere a person gets it. */
async function installChromium(): Promise<string> {
  if (existsSync('/etc/debian_version') && process.getuid?.() === 0) {
    await run('apt-get', ['update']).catch(() => undefined);
    await run('apt-get', ['install', '--yes', '--no-install-recommends', 'chromium']).catch(() => undefined);
  }
  const found = findChromium();
  if (found !== undefined) return found;
  throw new Error(
    'the tests of the dashboard need Chromium or Chrome: install it (Debian and Ubuntu: apt-get install chromium), or name one by CHROME_PATH',
  );
}
