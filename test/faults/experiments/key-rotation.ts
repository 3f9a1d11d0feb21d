import type { SigningKey } from '@crosswalk/sdk';
import { createRemoteJWKSet, decodeJwt, decodeProtectedHeader, jwtVerify } from 'jose';
import { fetchToken } from '../../../tools/programs/credentials.ts';
import { Client, type Target } from '../client.ts';
import { type Experiment, pause } from '../experiment.ts';
import { startLoad } from '../load.ts';
import { judge } from '../verdict.ts';
import { send } from '../writers.ts';

/** How long a new key is published before it signs, and how long a token lives: both far shorter than by default. Seconds. */
const [lead, lifetime] = [8, 20];
/** How long services keep what they read at /keys: as much less than the lead time as it is by default. Milliseconds. */
const keptKeys = 4_000;
/** A server accepts a token for 60 seconds after its end, as clocks differ; one that has become so old is not tried any more. Milliseconds. */
const tooOld = 50_000;
/** Look-ups with these tokens that are asked for in a second, of all servers together: what services ask for most. */
const rate = 500;
/** So many of them are under way at most: a machine that cannot do as many has fewer, instead of ever more that wait. */
const atOnce = 64;
/** How long a key may take to do what its times say, on a busy machine. Milliseconds. */
const patience = 60_000;

/** Keys that sign tokens are replaced while tokens are given and checked. */
export const keyRotation: Experiment[] = [
  {
    name: 'T24',
    what: `the signing key is replaced under two servers and ${rate} requests a second, with services that keep /keys: no valid token is refused`,
    rounds: 10,
    async run({ rounds, random, history, install }) {
      const settings = { CROSSWALK_SIGNING_KEY_LEAD_SECONDS: String(lead), CROSSWALK_TOKEN_SECONDS: String(lifetime) };
      const { targets } = await install({ engine: 'external', servers: 2, settings });
      const [first] = targets;
      if (first === undefined) throw new Error('there are two servers');
      const { id, reason } = await new Client(first, history).create('looked-up');
      if (id === undefined) throw new Error(`what is looked up could not be made: ${reason}`);
      const tokens = new Tokens(targets, `/api/v1/organizations/${id}`);
      const load = await startLoad({ targets, history, random, clients: 2 });
      const working = Promise.all([tokens.work(), tokens.use()]);
      try {
        for (let round = 1; round <= rounds; round += 1) {
          const target = targets[random(targets.length) - 1];
          const next = await rotate(target);
          await until(`${next.id} signs`, async () => (await keysOf(target)).find(({ id }) => id === next.id)?.state === 'SIGNING');
          await until(`${next.id} has signed a token`, async () => tokens.kids.has(next.kid));
          await load.more(20);
        }
        await load.stop();
      } finally {
        tokens.stop();
        await working;
      }
      const problems = [...tokens.problems, ...(await judge(history, targets))];
      const [oldest] = (await keysOf(first)).toReversed();
      return {
        problems,
        note: `${Math.round(tokens.used / tokens.useTime)} requests a second of ${rate} asked for, ${tokens.used} in all; ${tokens.given} tokens, ${tokens.checks} checks by services, ${tokens.ended} tokens used to their end; the first key is ${oldest?.state}`,
      };
    },
  },
  {
    name: 'T24',
    what: 'kill -9 in the middle of rotations: a key is left that signs, and what was given before is valid',
    rounds: 10,
    async run({ rounds, random, install }) {
      const installation = await install({ engine: 'external', settings: { CROSSWALK_SIGNING_KEY_LEAD_SECONDS: '1' } });
      const [target] = installation.targets;
      if (target === undefined) throw new Error('there is one server');
      const problems: string[] = [];
      let [made, recovery] = [0, 0];
      for (let round = 1; round <= rounds; round += 1) {
        const { token } = target;
        const before = (await keysOf(target)).length;
        // It may be cut off: whether it happened is seen afterwards.
        const rotation = rotate(target).catch(() => {});
        await pause(random(500));
        const begin = performance.now();
        await installation.servers[0]?.end('SIGKILL');
        await rotation;
        await installation.start();
        for (const one of [target.token, token]) {
          const { status } = await send(target.url, one, 'GET', '/api/v1/organizations');
          if (status !== 200) problems.push(`after kill ${round} a token was answered with ${status}`);
        }
        recovery = Math.max(recovery, performance.now() - begin);
        const states = (await keysOf(target)).map(({ state }) => state);
        if (states.length > before) made += 1;
        const [signing, next] = ['SIGNING', 'NEXT'].map((state) => states.filter((one) => one === state).length);
        if (signing !== 1 || (next ?? 0) > 1) problems.push(`after kill ${round} the keys are ${states.join(', ')}`);
      }
      return { problems, recovery, note: `${made} of ${rounds} rotations had happened when the server was killed` };
    },
  },
  {
    name: 'T24',
    what: 'a key that was replaced: its token is valid to its end, then the key is gone and refused',
    rounds: 1,
    async run({ install }) {
      const settings = { CROSSWALK_SIGNING_KEY_LEAD_SECONDS: '1', CROSSWALK_TOKEN_SECONDS: '10' };
      const { targets } = await install({ engine: 'external', servers: 2, settings });
      const problems: string[] = [];
      const token = targets[0]?.token ?? '';
      const { kid = '' } = decodeProtectedHeader(token);
      await rotate(targets[0]);
      const state = async () => {
        // With a token of now: its own ends too.
        const url = targets[0]?.url ?? '';
        return (await keysOf({ url, token: await fetchToken(url) })).find((key) => key.kid === kid)?.state;
      };
      await until('the old key signs no more', async () => (await state()) === 'VERIFYING');
      while (Date.now() < endOf(token)) {
        for (const { url } of targets) if ((await statusWith(url, token)) !== 200) problems.push(`${url} refused a token before its end`);
        await pause(200);
      }
      const begin = performance.now();
      // Clocks may differ by a minute, and until when it signed is noted a little ahead.
      await until('the old key is retired', async () => (await state()) === 'RETIRED', patience + 90_000);
      const took = Math.round((performance.now() - begin) / 1000);
      for (const { url } of targets) {
        await until(`${url}/keys has the old key no more`, async () => !(await published(url)).includes(kid));
        const status = await statusWith(url, token);
        if (status !== 401) problems.push(`${url} answered a token of a retired key with ${status}`);
      }
      return { problems, note: `it was retired ${took} s after the end of its token` };
    },
  },
];

/** Tokens that are given every moment, by each server for the other, checked by services of one's own, and used to their end. */
class Tokens {
  readonly problems: string[] = [];
  /** of the tokens that were given */
  readonly kids = new Set<string>();
  given = 0;
  /** requests of `use` that were answered */
  used = 0;
  /** for how long it sent them, in seconds */
  useTime = 0;
  checks = 0;
  ended = 0;
  readonly #targets: readonly Target[];
  readonly #services;
  /** what is asked for with them */
  readonly #path: string;
  #isOver = false;
  #held: string[] = [];

  constructor(targets: readonly Target[], path: string) {
    this.#targets = targets;
    this.#path = path;
    // A key that they do not know is no reason to read again.
    this.#services = targets.map(({ url }) =>
      createRemoteJWKSet(new URL(`${url}/keys`), { cacheMaxAge: keptKeys, cooldownDuration: 3_600_000 }),
    );
  }

  stop(): void {
    this.#isOver = true;
  }

  async work(): Promise<void> {
    while (!this.#isOver) {
      for (const [index, target] of this.#targets.entries()) {
        const other = this.#targets[(index + 1) % this.#targets.length] ?? target;
        const token = await fetchToken(other.url);
        target.token = token;
        this.given += 1;
        this.kids.add(decodeProtectedHeader(token).kid ?? '');
        this.#held.push(token);
        await this.#check(token);
      }
      await this.#useToTheEnd();
      await pause(200);
    }
  }

  /** Uses tokens of now, `rate` requests a second, by turns with each server. */
  async use(): Promise<void> {
    const begin = performance.now();
    const underWay = new Set<Promise<void>>();
    for (let sent = 0; !this.#isOver; ) {
      const due = Math.floor(((performance.now() - begin) / 1000) * rate);
      // What could not be sent in time is not made up for.
      for (; sent < due; sent += 1) {
        const { url = '', token = '' } = this.#targets[sent % this.#targets.length] ?? {};
        if (underWay.size >= atOnce) continue;
        const request = this.#useOnce(url, token).finally(() => underWay.delete(request));
        underWay.add(request);
      }
      await pause(5);
    }
    this.useTime = (performance.now() - begin) / 1000;
    await Promise.all(underWay);
  }

  async #useOnce(url: string, token: string): Promise<void> {
    const status = await statusWith(url, token, this.#path);
    this.used += 1;
    if (status !== 200) this.problems.push(`${url} answered a token of now with ${status}`);
  }

  async #check(token: string): Promise<void> {
    for (const service of this.#services) {
      this.checks += 1;
      await jwtVerify(token, service, { clockTolerance: 60 }).catch((error: Error) =>
        this.problems.push(`a service refused a token: ${error.message}`),
      );
    }
  }

  async #useToTheEnd(): Promise<void> {
    const now = Date.now();
    const over = this.#held.filter((token) => endOf(token) <= now);
    this.#held = this.#held.filter((token) => endOf(token) > now);
    for (const token of over) {
      for (const { url } of this.#targets) {
        const status = await statusWith(url, token, this.#path);
        if (Date.now() > endOf(token) + tooOld) continue;
        this.ended += 1;
        if (status !== 200) this.problems.push(`${url} answered a token at its end with ${status}`);
      }
    }
  }
}

/** Milliseconds since 1970. */
function endOf(token: string): number {
  return (decodeJwt(token).exp ?? 0) * 1000;
}

async function statusWith(url: string, token: string, path = '/api/v1/organizations?page_size=1'): Promise<number> {
  return (await send(url, token, 'GET', path)).status;
}

async function rotate(target: Target | undefined): Promise<SigningKey> {
  const { status, body } = await send(target?.url ?? '', target?.token ?? '', 'POST', '/api/v1/signing_keys:rotate');
  if (status !== 200) throw new Error(`a rotation was answered with ${status}`);
  return Object(body).signing_key;
}

async function keysOf(target: Target | undefined): Promise<SigningKey[]> {
  const { status, body } = await send(target?.url ?? '', target?.token ?? '', 'GET', '/api/v1/signing_keys');
  if (status !== 200) throw new Error(`the list of signing keys was answered with ${status}`);
  return Object(body).signing_keys;
}

async function published(url: string): Promise<string[]> {
  const { keys } = Object(await (await fetch(`${url}/keys`)).json());
  return keys.map(({ kid }: { kid: string }) => kid);
}

async function until(what: string, isSo: () => Promise<boolean>, limit = patience): Promise<void> {
  for (const deadline = Date.now() + limit; !(await isSo()); await pause(100)) {
    if (Date.now() > deadline) throw new Error(`not within ${limit / 1000} seconds: ${what}`);
  }
}
