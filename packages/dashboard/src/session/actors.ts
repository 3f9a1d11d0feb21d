import type { Event } from '@crosswalk/sdk';
import { useQuery } from '@tanstack/react-query';
import { useEnvironment } from './environment.ts';

/** Names of who changes records. Clients and operators are few: they are read once. Milliseconds. */
const fresh = 5 * 60_000;

/** Who may act, and who acted: the name of an operator or a client, or its ID where the name is not known any more. */
export function useActors(): { list: { id: string; name: string }[]; nameOf: (actor: Event['actor']) => string } {
  const { id: environmentId, crosswalk } = useEnvironment();
  const { data: names } = useQuery({
    queryKey: [environmentId, 'actors'],
    queryFn: async ({ signal }) => {
      const [clients, operators] = await Promise.all([crosswalk.client.list({ signal }), crosswalk.operator.list({ signal })]);
      return new Map([
        ...clients.map(({ id, name }): [string, string] => [id, name]),
        ...operators.map(({ id, name, email }): [string, string] => [id, name ?? email]),
      ]);
    },
    staleTime: fresh,
  });
  const list = [...(names ?? [])].map(([id, name]) => ({ id, name }));
  return { list, nameOf: ({ id }) => (id === null ? 'Crosswalk' : (names?.get(id) ?? id)) };
}
