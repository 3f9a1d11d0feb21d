import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { format } from 'node:util';
import { Crosswalk } from '@crosswalk/sdk';
import { ScalekitClient } from '@scalekit-sdk/node';
import { beforeAll, describe, expect, test } from 'vitest';
import { useTestServer } from '../packages/server/src/testing.ts';

/** The guides whose samples are run, each on a server of its own. */
const guides = [
  'README.md',
  'docs/dashboard.md',
  'docs/external-ids-and-metadata.md',
  'docs/find-drift.md',
  'docs/invitations.md',
  'docs/link-your-systems.md',
  'docs/migrate-from-scalekit.md',
  'docs/migrate-your-tables.md',
  'docs/rekey-your-customers.md',
  'docs/webhooks.md',
  'packages/sdk/README.md',
];

describe.each(guides)('the samples of %s', (guide) => {
  const server = useTestServer({ webhooks: { allow: ['127.0.0.0/8'] } });
  beforeAll(() => server.startWork());

  test('run one after the other; programs print what their comments say, requests get the status that follows them', async () => {
    const samples = await blocksOf(guide, 'js');
    expect(samples.length).toBeGreaterThan(0);
    const printed = await run(samples.join('\n'), server);
    const expected = samples.flatMap(printedBy);
    expect(printed).toHaveLength(expected.length);
    for (const [index, text] of expected.entries()) expect(printed[index]).toMatch(patternOf(text));
    for (const block of await blocksOf(guide, 'http')) await send(block, server);
  });
});

async function blocksOf(guide: string, language: string): Promise<string[]> {
  const text = await readFile(new URL(`../${guide}`, import.meta.url), 'utf8');
  return [...text.matchAll(new RegExp(`^\`\`\`${language}\\n([\\s\\S]*?)^\`\`\``, 'gm'))].map(([, code = '']) => code);
}

/** What a sample says it prints: the comment behind each `console.log`, and those that end the sample. */
function printedBy(sample: string): string[] {
  const behind = [...sample.matchAll(/console\.log\(.*\); \/\/ (.+)$/gm)].map(([, text = '']) => text);
  const [ending = ''] = /(?:^\/\/ .+\n)+$/m.exec(sample) ?? [];
  return [
    ...behind,
    ...ending
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => line.slice(3)),
  ];
}

/** Runs the samples of a guide as one program and returns the lines it printed. */
async function run(code: string, { url, client }: ReturnType<typeof useTestServer>): Promise<string[]> {
  const printed: string[] = [];
  const scope = {
    Crosswalk,
    ScalekitClient,
    Buffer,
    createServer,
    process: {
      env: { CROSSWALK_ENVIRONMENT_URL: url, CROSSWALK_CLIENT_ID: client.clientId, CROSSWALK_CLIENT_SECRET: client.clientSecret },
    },
    console: { log: (...parts: unknown[]) => printed.push(format(...parts)) },
  };
  const withoutImports = code.replace(/^import .*$/gm, '');
  await new AsyncFunction(...Object.keys(scope), withoutImports)(...Object.values(scope));
  return printed;
}

/** Sends a request written as head, body and expected status, with empty lines between. */
async function send(block: string, { client }: ReturnType<typeof useTestServer>): Promise<void> {
  const [head = '', ...rest] = block.trim().split('\n\n');
  const [requestLine = '', ...headerLines] = head.split('\n');
  const [method = '', path = ''] = requestLine.split(' ');
  const headers = Object.fromEntries(headerLines.map((line) => line.toLowerCase().split(': ', 2)));
  const { status } = await client.request(method, path, rest.length > 1 ? rest[0] : undefined, headers);
  expect(`${requestLine} ${status}`).toBe(`${requestLine} ${rest.at(-1)}`);
}

const AsyncFunction = Object.getPrototypeOf(async () => {}).constructor;

/** `…` in a comment stands for what differs from run to run. */
function patternOf(text: string): RegExp {
  return new RegExp(`^${text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&').replaceAll('…', '.+')}$`);
}
