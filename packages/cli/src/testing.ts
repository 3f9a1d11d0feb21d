import { Readable } from 'node:stream';
import type { TestServer } from '../../server/src/testing.ts';
import type { Env } from './connect.ts';
import { run } from './run.ts';

/** What a command printed, and its exit status. */
export interface Ran {
  status: number;
  out: string;
  err: string;
}

/** The environment variables that lead to a test server. */
export function variablesOf({ url, client }: TestServer): Record<string, string> {
  return { CROSSWALK_ENVIRONMENT_URL: url, CROSSWALK_CLIENT_ID: client.clientId, CROSSWALK_CLIENT_SECRET: client.clientSecret };
}

/** Runs a command in this process, without a terminal. */
export async function runIn(env: Env, args: string[], input = ''): Promise<Ran> {
  let [out, err] = ['', ''];
  const status = await run(args, env, {
    out: (text) => {
      out += text;
    },
    err: (text) => {
      err += text;
    },
    input: Readable.from(input === '' ? [] : [input]),
  });
  return { status, out, err };
}
