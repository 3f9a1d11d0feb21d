import type { CreateOperator, Operator, OperatorRole, UpdateOperator } from '@crosswalk/contract';
import type pg from 'pg';
import type { Queryable } from '../database/connection.ts';
import { holdEnvironment } from '../database/hold-environment.ts';
import { uniqueViolation } from '../database/sql-error.ts';
import { inTransaction } from '../database/transaction.ts';
import type { RequestContext } from '../environments/index.ts';
import { appendEvents } from '../events/index.ts';
import { ApiError, invalid } from '../lib/api-error.ts';
import { parseEmail } from '../lib/email.ts';
import { databaseId, formatId, type IdGenerator } from '../lib/id.ts';
import { type Preconditions, requireVersion } from '../lib/preconditions.ts';
import { lockSetup, setSetupToken } from './first-operator-store.ts';
import { checkName, environmentsOf, maxOperators, operatorEvents, operatorNotFound, seenFrom } from './operator.ts';
import {
  countOperators,
  deleteOperator,
  findHolder,
  findOperator,
  findWithoutOtherAdmin,
  insertOperator,
  listOperators,
  lockOperator,
  setRole,
  updateOperator,
} from './operator-store.ts';
import { type Passwords, requirePassword } from './password.ts';
import type { SessionService } from './session-service.ts';
import { deleteSessionsOf } from './session-store.ts';

/** What a service of operators works with. */
export interface OperatorServiceOptions {
  pool: pg.Pool;
  ids: IdGenerator;
  passwords: Passwords;
  sessions: SessionService;
}

/**
 * The use cases of operators. Each change and its events are one transaction; passwords are hashed before it. Changes here take no
 * Idempotency-Key: the hash of the request that is stored with one would be a hash of the password. `id` is a database ID.
 */
export class OperatorService {
  readonly #pool: pg.Pool;
  readonly #ids: IdGenerator;
  readonly #passwords: Passwords;
  readonly #sessions: SessionService;

  constructor({ pool, ids, passwords, sessions }: OperatorServiceOptions) {
    this.#pool = pool;
    this.#ids = ids;
    this.#passwords = passwords;
    this.#sessions = sessions;
  }

  /** The operators with a role in the environment, oldest first. */
  list({ environmentId }: RequestContext): Promise<Operator[]> {
    return listOperators(this.#pool, environmentId);
  }

  /**
   * Makes an operator with a role in the environment; with the first one the set-up link ends. 409 when the address is an operator's, which names those who can be given a role by
   * `update`: of the others it tells no more than that.
   */
  async create(context: RequestContext, { email, name = null, password, role }: CreateOperator): Promise<Operator> {
    const { environmentId } = context;
    const parsed = parseEmail(email);
    checkName(name);
    const passwordHash = await this.#passwords.hash(requirePassword(password, 'password'));
    try {
      return await inTransaction(this.#pool, async (tx) => {
        await lockSetup(tx);
        await requireRoom(tx, environmentId);
        const made = { id: this.#ids.next(), email: parsed.address, emailKey: parsed.key, name, passwordHash };
        const operator = await insertOperator(tx, [environmentId], role, made);
        await setSetupToken(tx, null);
        await appendEvents(tx, context, this.#ids, operatorEvents('operator.created', undefined, operator, [environmentId]));
        return operator;
      });
    } catch (error) {
      if (uniqueViolation(error) !== 'operators_email_key') throw error;
      const holder = await findHolder(this.#pool, parsed.key);
      if (holder === undefined)
        throw new ApiError('RECORD_BUSY', 'the address was just given up; try again', { retryAfter: 1, cause: error });
      const isKnown = hasRole(holder, environmentId) || (await isInCharge(this.#pool, context, holder));
      throw emailTaken(isKnown ? holder : undefined, error);
    }
  }

  /**
   * Changes the role in this environment; name and password when the caller is in charge of every environment that the operator has a
   * role in, as they count there too. So is who gives a role to an operator of other environments alone: those would no longer be in charge, and
   * to everybody else there is no such operator. A new password ends the sessions of the operator.
   */
  async update(
    context: RequestContext,
    id: string,
    { name, role, password }: UpdateOperator,
    preconditions: Preconditions,
  ): Promise<Operator> {
    const { environmentId, actor } = context;
    checkName(name);
    if (password !== undefined && actor.type === 'operator' && actor.id === id) {
      throw invalid('password', 'change your own with PUT /api/v1/session/password, which asks for the current one', 'own_password');
    }
    const passwordHash = password === undefined ? undefined : await this.#hashFor(environmentId, id, password);
    const updated = await inTransaction(this.#pool, async (tx) => {
      const before = await lockOperator(tx, id);
      if (before === undefined) throw operatorNotFound(id);
      const joins = !hasRole(before, environmentId);
      if (joins && (role === undefined || role === null || !(await isInCharge(tx, context, before)))) throw operatorNotFound(id);
      requireVersion(preconditions, before);
      const renames = name !== undefined && name !== before.name;
      const ofOthers = name !== undefined || password !== undefined;
      if (ofOthers) await requireCharge(tx, context, before);
      const moves = role !== undefined && role !== (roleIn(before, environmentId) ?? null);
      if (!renames && !moves && passwordHash === undefined) return seenFrom(before, environmentId);
      if (moves) {
        if (role !== 'admin') await requireOtherAdmin(tx, before, [environmentId]);
        if (joins) await requireRoom(tx, environmentId);
        await setRole(tx, environmentId, id, role);
      }
      if (passwordHash !== undefined) await deleteSessionsOf(tx, id);
      const after = await updateOperator(tx, id, {
        ...(name === undefined ? {} : { name }),
        ...(passwordHash === undefined ? {} : { passwordHash }),
      });
      const concerned = ofOthers ? [...new Set([environmentId, ...environmentsOf(before)])] : [environmentId];
      await appendEvents(tx, context, this.#ids, operatorEvents('operator.updated', before, after, concerned));
      return seenFrom(after, environmentId);
    });
    this.#sessions.forget();
    return updated;
  }

  /** Deletes the operator and ends their sessions. Whoever is an operator elsewhere too only loses the role here, by `update`. */
  async delete(context: RequestContext, id: string, preconditions: Preconditions): Promise<void> {
    await inTransaction(this.#pool, async (tx) => {
      const before = await lockOperator(tx, id);
      if (before === undefined || !hasRole(before, context.environmentId)) throw operatorNotFound(id);
      requireVersion(preconditions, before);
      await requireCharge(tx, context, before);
      await requireOtherAdmin(tx, before, environmentsOf(before));
      await deleteOperator(tx, id);
      await appendEvents(tx, context, this.#ids, operatorEvents('operator.deleted', before, undefined, environmentsOf(before)));
    });
    this.#sessions.forget();
  }

  /** The hash of a new password, unless there is nobody whose it could be: that must not cost the time of one. */
  async #hashFor(environmentId: string, id: string, password: string): Promise<string> {
    const valid = requirePassword(password, 'password');
    const operator = await findOperator(this.#pool, id);
    if (operator === undefined || !hasRole(operator, environmentId)) throw operatorNotFound(id);
    return this.#passwords.hash(valid);
  }
}

/** 400 when the environment has as many operators as it may have. */
async function requireRoom(tx: pg.PoolClient, environmentId: string): Promise<void> {
  // So that no two take the last place.
  await holdEnvironment(tx, environmentId);
  if ((await countOperators(tx, environmentId)) >= maxOperators)
    throw new ApiError('TOO_MANY_OPERATORS', `there are ${maxOperators} operators already`);
}

/** 403 unless the caller is in charge of the operator. */
async function requireCharge(db: Queryable, context: RequestContext, operator: Operator): Promise<void> {
  if (await isInCharge(db, context, operator)) return;
  throw new ApiError('OPERATOR_ELSEWHERE', `${operator.id} is an operator of other environments too: only their role here can be changed`);
}

/** Whether the caller is an admin of every environment that the operator has a role in. A client is in charge of its own. */
async function isInCharge(db: Queryable, { environmentId, actor }: RequestContext, operator: Operator): Promise<boolean> {
  const others = environmentsOf(operator).filter((id) => id !== environmentId);
  if (others.length === 0) return true;
  const caller = actor.type === 'operator' && actor.id !== null ? await findOperator(db, actor.id) : undefined;
  return caller !== undefined && others.every((id) => roleIn(caller, id) === 'admin');
}

function roleIn({ roles }: Operator, environmentId: string): OperatorRole | undefined {
  return roles[formatId('env', environmentId)];
}

function hasRole(operator: Operator, environmentId: string): boolean {
  return roleIn(operator, environmentId) !== undefined;
}

/** 400 when an environment would lose its last admin with this one. */
async function requireOtherAdmin(tx: pg.PoolClient, operator: Operator, environmentIds: readonly string[]): Promise<void> {
  const administered = environmentIds.filter((id) => roleIn(operator, id) === 'admin');
  if (administered.length === 0) return;
  const [environmentId] = await findWithoutOtherAdmin(tx, administered, databaseId(operator.id));
  if (environmentId === undefined) return;
  throw new ApiError(
    'LAST_ADMIN',
    `${operator.id} is the last admin of ${formatId('env', environmentId)}; make another operator an admin first`,
  );
}

/** The 409 of an address. `holder`: the operator who has it, if the caller may know them. */
function emailTaken(holder: Operator | undefined, cause: unknown): ApiError {
  if (holder === undefined) {
    const wayOut = 'an admin of all their environments and of this one can give them a role here';
    return new ApiError('OPERATOR_EXISTS', `email: an operator of another environment has this address; ${wayOut}`, {
      resource: { kind: 'operator' },
      cause,
    });
  }
  return new ApiError(
    'OPERATOR_EXISTS',
    `email: ${holder.id} has this address; give them a role in this environment with PATCH /api/v1/operators/${holder.id}`,
    { resource: { id: holder.id, kind: 'operator' }, cause },
  );
}
