/**
 * What keeps something out, and the tests that must notice when it is broken: without a PostgreSQL, which would take seconds for each mutant.
 * Paths begin at the root.
 */
export interface Defence {
  /** for `--only` */
  name: string;
  modules: string[];
  tests: string[];
}

const server = 'packages/server/src';

/** A module of the server whose tests stand beside it. */
function beside(folder: string, ...names: string[]): Pick<Defence, 'modules' | 'tests'> {
  const path = (name: string) => `${server}/${folder}/${name}`;
  return { modules: names.map((name) => path(`${name}.ts`)), tests: names.map((name) => path(`${name}.test.ts`)) };
}

/** The validators, the guard of webhooks, cursors, secrets, and who is let in. */
export const defences: readonly Defence[] = [
  { name: 'tokens', ...beside('lib', 'page-token', 'secret', 'seal') },
  { name: 'ids', ...beside('lib', 'id') },
  { name: 'json', ...beside('lib', 'json-scan') },
  { name: 'numbers', modules: ['packages/contract/src/exact-number.ts'], tests: ['packages/contract/src/exact-number.test.ts'] },
  { name: 'texts', ...beside('lib', 'text') },
  { name: 'emails', ...beside('lib', 'email', 'domain-name') },
  { name: 'external-ids', ...beside('external-ids', 'external-id') },
  { name: 'metadata', ...beside('metadata', 'metadata') },
  { name: 'targets', ...beside('webhooks', 'target') },
  { name: 'signatures', ...beside('webhooks', 'signature') },
  { name: 'verification', modules: ['packages/sdk/src/webhooks.ts'], tests: ['packages/sdk/src/webhooks.test.ts'] },
  { name: 'passwords', ...beside('operators', 'password', 'session') },
  { name: 'sessions', ...beside('transport', 'session-request') },
  { name: 'admission', ...beside('transport', 'authentication') },
];
