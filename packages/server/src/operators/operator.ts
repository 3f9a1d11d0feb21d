import type { Operator, OperatorRole, Scope } from '@crosswalk/contract';
import { eventOf, type NewEvent } from '../events/index.ts';
import { ApiError } from '../lib/api-error.ts';
import { formatId, parseId } from '../lib/id.ts';
import { requireText } from '../lib/text.ts';

/** What each role may do: the scopes that a client would need. What needs an admin says so beside its scope (`adminOnly`). */
export const scopesOf: Record<OperatorRole, readonly Scope[]> = {
  viewer: ['read'],
  editor: ['read', 'write'],
  admin: ['read', 'write'],
};

/** Operators with a role in one environment: a person makes each, and they are listed as a whole. */
export const maxOperators = 1_000;

/** An operator as an environment may see them: with the role they have there, and none of the others. */
export function seenFrom(operator: Operator, environmentId: string): Operator {
  const id = formatId('env', environmentId);
  const role = operator.roles[id];
  return { ...operator, roles: role === undefined ? {} : { [id]: role } };
}

/** The database IDs of the environments in which an operator has a role. */
export function environmentsOf({ roles }: Operator): string[] {
  return Object.keys(roles).flatMap((id) => parseId('env', id) ?? []);
}

/** The events of a change of an operator, one for each of the environments, which sees its own role alone. */
export function operatorEvents(
  type: 'operator.created' | 'operator.updated' | 'operator.deleted',
  before: Operator | undefined,
  after: Operator | undefined,
  environmentIds: readonly string[],
): NewEvent[] {
  return environmentIds.map((environmentId) => ({
    ...eventOf(type, 'operator', before && seenFrom(before, environmentId), after && seenFrom(after, environmentId)),
    environmentId,
  }));
}

/** Holds a name to the rules of what people read; 400 names the field. */
export function checkName(name: string | null | undefined): void {
  if (typeof name === 'string') requireText(name, 'name', 'name');
}

/** The 404 of an operator. `id` is a database ID. */
export function operatorNotFound(id: string): ApiError {
  return new ApiError('OPERATOR_NOT_FOUND', `there is no operator ${formatId('opr', id)} in this environment`, {
    resource: { kind: 'operator' },
  });
}
