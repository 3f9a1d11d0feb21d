import { randomBytes } from 'node:crypto';
import { sessionHeaders } from '@crosswalk/contract';
import { sign, verify } from '../../../packages/sdk/src/webhooks.ts';
import { findMatch } from '../../../packages/server/src/clients/client.ts';
import { PageTokens } from '../../../packages/server/src/lib/page-token.ts';
import { seal, unseal } from '../../../packages/server/src/lib/seal.ts';
import { hashSecret, matchesHash, newSecret } from '../../../packages/server/src/lib/secret.ts';
import { Passwords } from '../../../packages/server/src/operators/password.ts';
import { csrfTokenOf } from '../../../packages/server/src/operators/session.ts';
import { requireCsrfToken } from '../../../packages/server/src/transport/session-request.ts';
import type { Experiment, Setting } from '../experiment.ts';
import { type Attempt, compareTimes, leakFrom, type WrongPlace } from '../timing.ts';

/** Pairs for each comparison. */
const rounds = 100_000;

/**
 * Each comparison of a secret that is there, in the server and for those who check its webhooks. What is found by its hash in an index is
 * none: API tokens, sessions and links, of whose hash nobody can choose a part. The signatures of access tokens are checked with
 * public keys.
 */
const comparisons: [what: string, prepare: () => Promise<Attempt>][] = [
  ['the secret of a client', clientSecret],
  ['the token of METRICS_TOKEN', metricsToken],
  ['the MAC of a page token or cursor', pageToken],
  ['the token that a change of a session carries', csrfToken],
  ['the hash of a password', passwordHash],
  ['the tag of what is sealed in the database', sealed],
  ['the signature of a webhook, in the SDK', webhookSignature],
];

/**
 * Secrets are compared in a time that does not tell how much of them was right. What seems to differ is measured once more, and counts when
 * it differs again in the same direction, as TVLA has it: a machine that does other things makes a difference by chance, a leak makes it
 * each time. The second time is about another secret: two texts may differ for one process, which tells nothing of a third.
 */
export const secrets: Experiment[] = comparisons.map(([what, prepare]) => ({
  name: 'T38',
  what: `${what}: wrong in its first byte, or in its last`,
  rounds,
  run: async ({ rounds: pairs, random }: Setting) => {
    const measure = async () => compareTimes(await prepare(), pairs, random);
    const measured = [await measure()];
    if (measured.some(({ t }) => Math.abs(t) >= leakFrom)) measured.push(await measure());
    const values = measured.map(({ t }) => t);
    const told = values.map((t) => t.toFixed(1)).join(' and then ');
    const differs = values.every((t) => t >= leakFrom) || values.every((t) => t <= -leakFrom);
    const [median = 0] = measured.map((one) => one.median / 1000);
    return {
      problems: [
        ...(differs ? [`the time tells where it was wrong: t ${told}, less than ${leakFrom} wanted`] : []),
        ...(measured.some((one) => one.taken) ? ['a wrong secret was taken'] : []),
      ],
      note: `t ${told}, half of them within ${median.toFixed(1)} microseconds`,
    };
  },
}));

async function clientSecret(): Promise<Attempt> {
  const right = newSecret('cwk');
  const kept = [{ secret_hash: hashSecret(right) }, { secret_hash: hashSecret(newSecret('cwk')) }];
  return (place) => {
    const sent = wrongText(right, place, 'cwk_'.length);
    return () => findMatch(kept, sent) !== undefined;
  };
}

async function metricsToken(): Promise<Attempt> {
  const right = randomBytes(32).toString('base64url');
  const hash = hashSecret(right);
  return (place) => {
    const sent = wrongText(right, place);
    return () => matchesHash(sent, hash);
  };
}

async function pageToken(): Promise<Attempt> {
  const tokens = new PageTokens([randomBytes(32)]);
  const right = Buffer.from(tokens.write('scope', { direction: 'next', id: '915840612345678901' }), 'base64url');
  return (place) => {
    // 16 bytes, and then the position, which anybody can read.
    const sent = wrongBytes(right, place, 0, 16).toString('base64url');
    return () => tokens.read('scope', sent) !== undefined;
  };
}

async function csrfToken(): Promise<Attempt> {
  const right = csrfTokenOf(newSecret('cwo'));
  return (place) => {
    const request = { method: 'POST', headers: { [sessionHeaders.csrf]: wrongText(right, place) } };
    return () => taken(() => requireCsrfToken(request, right));
  };
}

async function passwordHash(): Promise<Attempt> {
  // The cheapest that there is: what comes after it is what is compared.
  const passwords = new Passwords({ N: 2, r: 1, p: 1 });
  const password = 'correct horse battery staple';
  const fields = (await passwords.hash(password)).split('$');
  const right = Buffer.from(fields.at(-1) ?? '', 'base64');
  return (place) => {
    const kept = [...fields.slice(0, -1), wrongBytes(right, place).toString('base64')].join('$');
    return () => passwords.matches(password, kept);
  };
}

async function sealed(): Promise<Attempt> {
  const keys = [new Uint8Array(randomBytes(32))] as const;
  const right = seal(keys, Buffer.from('a text'));
  return (place) => {
    // The tag comes after the 12 bytes of the nonce.
    const kept = wrongBytes(right, place, 12, 28);
    return () => taken(() => unseal(keys, kept));
  };
}

async function webhookSignature(): Promise<Attempt> {
  const secret = `whsec_${randomBytes(32).toString('base64')}`;
  const headers = await sign('evt_1', '{}', secret);
  const right = Buffer.from((headers['webhook-signature'] ?? '').slice('v1,'.length), 'base64');
  return (place) => {
    const sent = { ...headers, 'webhook-signature': `v1,${wrongBytes(right, place).toString('base64')}` };
    return () =>
      verify('{}', sent, secret, { tolerance: 86_400 }).then(
        () => true,
        () => false,
      );
  };
}

function taken(work: () => unknown): boolean {
  try {
    work();
    return true;
  } catch {
    return false;
  }
}

/** A copy with another byte at the beginning of a part, or at its end. */
function wrongBytes(right: Uint8Array, place: WrongPlace, start = 0, end = right.length): Buffer {
  const wrong = Buffer.from(right);
  const at = place === 'first' ? start : end - 1;
  wrong.writeUInt8(wrong.readUInt8(at) ^ 0xff, at);
  return wrong;
}

/** The same for a text of ASCII: another letter. Made of bytes, so that both are kept in memory in one way. */
function wrongText(right: string, place: WrongPlace, start = 0): string {
  const wrong = Buffer.from(right);
  const at = place === 'first' ? start : wrong.length - 1;
  wrong.writeUInt8(wrong.readUInt8(at) === 0x41 ? 0x42 : 0x41, at);
  return wrong.toString('latin1');
}
