import type { SetUp } from '@crosswalk/contract';
import type pg from 'pg';
import { inTransaction } from '../database/transaction.ts';
import { listEnvironmentIds, type RequestContext } from '../environments/index.ts';
import { appendEvents } from '../events/index.ts';
import { ApiError } from '../lib/api-error.ts';
import { parseEmail } from '../lib/email.ts';
import type { IdGenerator } from '../lib/id.ts';
import { hashSecret, newSecret } from '../lib/secret.ts';
import { isSetupToken, lockSetup, setSetupToken } from './first-operator-store.ts';
import { checkName, operatorEvents } from './operator.ts';
import { hasOperators, insertOperator, type NewOperator } from './operator-store.ts';
import { type Passwords, requirePassword } from './password.ts';
import type { PasswordRow } from './session-store.ts';

/** The operator of ADMIN_EMAIL and ADMIN_PASSWORD. */
export interface GivenOperator {
  email: string;
  password: string;
}

/** How the first operator comes to be. They are an admin of every environment that there is then. */
export class FirstOperatorService {
  readonly #pool: pg.Pool;
  readonly #ids: IdGenerator;
  readonly #passwords: Passwords;

  constructor({ pool, ids, passwords }: { pool: pg.Pool; ids: IdGenerator; passwords: Passwords }) {
    this.#pool = pool;
    this.#ids = ids;
    this.#passwords = passwords;
  }

  /**
   * Prepares a start: while there is no operator, makes the given one, or a token for a set-up link, which is returned and replaces
   * the one before. Servers that start together make one operator.
   */
  async prepare(given?: GivenOperator): Promise<string | undefined> {
    if (await hasOperators(this.#pool)) return undefined;
    const made = given === undefined ? undefined : await this.#read({ ...given, name: null });
    const token = newSecret('cws');
    return inTransaction(this.#pool, async (tx) => {
      await lockSetup(tx);
      if (await hasOperators(tx)) return undefined;
      if (made === undefined) {
        await setSetupToken(tx, hashSecret(token));
        return token;
      }
      await this.#make(tx, made, { type: 'system', id: null }, 'first-operator');
      return undefined;
    });
  }

  /** Makes the first operator for whoever has the set-up link, which works once. 400 when it does not work any more. */
  async setUp({ token, ...fields }: SetUp, requestId: string): Promise<PasswordRow> {
    // Before the password is hashed: a guess must not cost the time of that.
    if (!(await isSetupToken(this.#pool, hashSecret(token)))) throw linkUsed();
    const made = await this.#read(fields);
    await inTransaction(this.#pool, async (tx) => {
      await lockSetup(tx);
      if (!(await isSetupToken(tx, hashSecret(token)))) throw linkUsed();
      await this.#make(tx, made, { type: 'operator', id: made.id }, requestId);
    });
    return { id: made.id, password_hash: made.passwordHash };
  }

  async #read({ email, password, name = null }: Omit<SetUp, 'token'>): Promise<NewOperator> {
    const { address, key } = parseEmail(email);
    checkName(name);
    const passwordHash = await this.#passwords.hash(requirePassword(password, 'password'));
    return { id: this.#ids.next(), email: address, emailKey: key, name, passwordHash };
  }

  async #make(tx: pg.PoolClient, made: NewOperator, actor: RequestContext['actor'], requestId: string): Promise<void> {
    const environmentIds = await listEnvironmentIds(tx);
    const operator = await insertOperator(tx, environmentIds, 'admin', made);
    await setSetupToken(tx, null);
    // Each event names its environment; none is the context's.
    const context = { environmentId: '0', actor, requestId };
    await appendEvents(tx, context, this.#ids, operatorEvents('operator.created', undefined, operator, environmentIds));
  }
}

function linkUsed(): ApiError {
  return new ApiError(
    'INVALID_SETUP_TOKEN',
    'token: the set-up link was used, has expired or was replaced by a later start, or there is an operator by now',
  );
}
