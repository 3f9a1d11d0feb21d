import { ApiError } from '../lib/api-error.ts';
import { formatId, type IdGenerator } from '../lib/id.ts';

/** An environment that is about to be, with the IDs of the roles that it has from its beginning. Database IDs. */
export interface NewEnvironment {
  id: string;
  name: string;
  creatorRoleId: string;
  memberRoleId: string;
}

/** An environment of a name that was checked. */
export function newEnvironment(ids: IdGenerator, name: string): NewEnvironment {
  return { id: ids.next(), name, creatorRoleId: ids.next(), memberRoleId: ids.next() };
}

/** The 404 of an environment, whether there is none or it is not the caller's. `id` is a database ID. */
export function environmentNotFound(id: string): ApiError {
  const environment = formatId('env', id);
  return new ApiError(
    'ENVIRONMENT_NOT_FOUND',
    `the request is not about ${environment}: a client changes its own environment, an operator the one that x-crosswalk-environment names`,
    { resource: { id: environment, kind: 'environment' } },
  );
}

/** The 409 of a name that another environment has. */
export function environmentNameTaken(cause: unknown): ApiError {
  return new ApiError('ENVIRONMENT_NAME_TAKEN', 'name: another environment has this name', {
    violations: [{ field: 'name', description: 'another environment has this name', constraint: 'unique' }],
    cause,
  });
}
