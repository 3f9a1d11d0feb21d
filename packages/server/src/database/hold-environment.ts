import type { Queryable } from './connection.ts';

/**
 * Keeps others who do the same out of an environment until the transaction ends: for what its rows alone cannot decide, such as that none of a kind is one
 * too many. Whoever only refers to the environment does not wait: new organizations, users and memberships. `shared`: keeps only those out who hold it alone.
 */
export async function holdEnvironment(tx: Queryable, environmentId: string, { shared = false } = {}): Promise<void> {
  await tx.query({
    name: `hold-environment${shared ? '-shared' : ''}`,
    text: `select from environments where id = $1 ${shared ? 'for share' : 'for no key update'}`,
    values: [environmentId],
  });
}
