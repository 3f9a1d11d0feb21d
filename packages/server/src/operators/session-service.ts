import type { ChangeEmail, ChangePassword, Operator, SignIn } from '@crosswalk/contract';
import { LRUCache } from 'lru-cache';
import type pg from 'pg';
import { uniqueViolation } from '../database/sql-error.ts';
import { inTransaction } from '../database/transaction.ts';
import { appendEvents } from '../events/index.ts';
import { ApiError, invalid } from '../lib/api-error.ts';
import { emailKey, parseEmail } from '../lib/email.ts';
import { formatId, type IdGenerator } from '../lib/id.ts';
import { hashSecret, newSecret } from '../lib/secret.ts';
import { environmentsOf, operatorEvents } from './operator.ts';
import { hasOperators, lockOperator, type OperatorChange, toOperator, updateOperator } from './operator-store.ts';
import { type Passwords, requirePassword } from './password.ts';
import { csrfTokenOf, isSessionToken, type SessionVerifier, type VerifiedSession } from './session.ts';
import {
  deleteSession,
  deleteSessionsOf,
  findPassword,
  findPasswordOf,
  findSession,
  holdsSession,
  insertSession,
  type PasswordRow,
  type SessionRow,
  touchSession,
} from './session-store.ts';

/** How long a session is taken for valid without another look: what another server has ended lives on for so long. Milliseconds. */
const trustedFor = 5_000;

/** What somebody who changes their own password or address came with: the password that was checked, and the session. */
interface OwnSession {
  checked: PasswordRow;
  tokenHash: Buffer;
}

/** The sessions of operators. `token` is what the cookie holds. */
export class SessionService implements SessionVerifier {
  readonly #pool: pg.Pool;
  readonly #ids: IdGenerator;
  readonly #passwords: Passwords;
  readonly #known = new LRUCache<string, VerifiedSession>({ max: 1_000, ttl: trustedFor });
  /** How often sessions were forgotten: what was read before the last time is not kept. */
  #forgotten = 0;

  constructor({ pool, ids, passwords }: { pool: pg.Pool; ids: IdGenerator; passwords: Passwords }) {
    this.#pool = pool;
    this.#ids = ids;
    this.#passwords = passwords;
  }

  cached(token: string): VerifiedSession | undefined {
    return this.#known.get(token);
  }

  /** The session, or undefined when it has ended or never was. */
  async verify(token: string): Promise<VerifiedSession | undefined> {
    if (!isSessionToken(token)) return undefined;
    const known = this.#known.get(token);
    if (known !== undefined) return known;
    const forgotten = this.#forgotten;
    const row = await findSession(this.#pool, hashSecret(token));
    if (row === undefined) return undefined;
    if (row.stale) await touchSession(this.#pool, hashSecret(token));
    const verified = toVerified(row, token);
    if (forgotten === this.#forgotten) this.#known.set(token, verified);
    return verified;
  }

  /** Whether there is no operator yet. */
  async setupRequired(): Promise<boolean> {
    return !(await hasOperators(this.#pool));
  }

  /**
   * Begins a session of the operator with this address and password; returns its token. 401 otherwise, of which neither the answer nor
   * the time tells whether the address is an operator's. `previous` is the token the browser came with: that session ends.
   */
  async signIn({ email, password }: SignIn, previous: string | undefined): Promise<string> {
    const key = emailKey(email);
    const found = key === undefined ? undefined : await findPassword(this.#pool, key);
    const isRight = await this.#passwords.matches(password, found?.password_hash);
    if (found === undefined || !isRight) throw signInFailed();
    return this.begin(found, previous);
  }

  /** Begins a session of an operator whose password was just checked or set. Each has a token of its own, never one that the browser brought. */
  async begin(operator: PasswordRow, previous: string | undefined): Promise<string> {
    const token = newSecret('cwo');
    await inTransaction(this.#pool, async (tx) => {
      if (previous !== undefined) await deleteSession(tx, hashSecret(previous));
      if (!(await insertSession(tx, hashSecret(token), operator))) throw signInFailed();
    });
    this.forget();
    return token;
  }

  /** Ends a session. */
  async signOut(token: string): Promise<void> {
    await deleteSession(this.#pool, hashSecret(token));
    this.forget();
  }

  /** Changes the password of whoever has the session; 400 unless the current one is right. All their other sessions end. */
  async changePassword(
    { operatorId }: VerifiedSession,
    token: string,
    { current_password: current, new_password: wanted }: ChangePassword,
    requestId: string,
  ): Promise<void> {
    const valid = requirePassword(wanted, 'new_password');
    const own: OwnSession = { checked: await this.#requirePasswordOf(operatorId, current), tokenHash: hashSecret(token) };
    const passwordHash = await this.#passwords.hash(valid);
    await this.#updateSelf(own, requestId, async (tx) => {
      await deleteSessionsOf(tx, operatorId, own.tokenHash);
      return { passwordHash };
    });
  }

  /**
   * Changes the address by which whoever has the session signs in; 400 unless their password is right, 409 when another operator has the
   * address, of whom nothing is told. Sessions go on.
   */
  async changeEmail(
    { operatorId }: VerifiedSession,
    token: string,
    { current_password: current, email: wanted }: ChangeEmail,
    requestId: string,
  ): Promise<void> {
    const email = parseEmail(wanted);
    const own: OwnSession = { checked: await this.#requirePasswordOf(operatorId, current), tokenHash: hashSecret(token) };
    try {
      await this.#updateSelf(own, requestId, async (_tx, before) => (before.email === email.address ? undefined : { email }));
    } catch (error) {
      if (uniqueViolation(error) !== 'operators_email_key') throw error;
      throw new ApiError('OPERATOR_EXISTS', 'email: another operator has this address', { resource: { kind: 'operator' }, cause: error });
    }
  }

  async #requirePasswordOf(operatorId: string, current: string): Promise<PasswordRow> {
    const found = await findPasswordOf(this.#pool, operatorId);
    const isRight = await this.#passwords.matches(current, found?.password_hash);
    if (found === undefined || !isRight) throw invalid('current_password', 'is not your password', 'current_password');
    return found;
  }

  /**
   * Makes a change that an operator makes to themselves, and its events; undefined is no change. 401 when password or session were taken from
   * them since the password was checked: a hash takes long enough for an admin to set another meanwhile, which must stay.
   */
  async #updateSelf(
    { checked, tokenHash }: OwnSession,
    requestId: string,
    decide: (tx: pg.PoolClient, before: Operator) => Promise<OperatorChange | undefined>,
  ): Promise<void> {
    const { id: operatorId } = checked;
    await inTransaction(this.#pool, async (tx) => {
      const before = await lockOperator(tx, operatorId);
      if (before === undefined || !(await holdsSession(tx, tokenHash, checked))) throw signInFailed();
      const change = await decide(tx, before);
      if (change === undefined) return;
      const after = await updateOperator(tx, operatorId, change);
      // Each event names its environment; none is the context's.
      const context = { environmentId: '0', actor: { type: 'operator' as const, id: operatorId }, requestId };
      await appendEvents(tx, context, this.#ids, operatorEvents('operator.updated', before, after, environmentsOf(before)));
    });
    this.forget();
  }

  /** What is known of sessions here may be outdated: all are looked up again. */
  forget(): void {
    this.#forgotten += 1;
    this.#known.clear();
  }
}

function toVerified(row: SessionRow, token: string): VerifiedSession {
  return {
    operatorId: row.id,
    roles: row.roles,
    session: {
      operator: toOperator(row),
      environments: row.environments.map(({ id, name, role }) => ({ id: formatId('env', id), name, role })),
      csrf_token: csrfTokenOf(token),
      expire_time: row.expire_time,
    },
  };
}

function signInFailed(): ApiError {
  return new ApiError('SIGN_IN_FAILED', 'no operator has this email address and password');
}
