import { matchesIdPattern, systemUrl } from '@crosswalk/sdk';
import { useQuery } from '@tanstack/react-query';
import { useEnvironment } from '../session/environment.ts';

/** What is known of the systems that external IDs come from. */
export interface Systems {
  /** names of those that are described or in use */
  names: string[];
  labelOf: (system: string) => string;
  /** where the system shows the record, if it says so */
  linkOf: (system: string, id: string) => string | undefined;
  patternOf: (system: string) => string | undefined;
  /** false when IDs of the system mostly look otherwise */
  looksRight: (system: string, id: string) => boolean;
}

/** Systems change rarely. Milliseconds. */
const fresh = 5 * 60_000;

/** The systems of the environment. */
export function useSystems(): Systems {
  const { id: environmentId, crosswalk } = useEnvironment();
  const { data = [] } = useQuery({
    queryKey: [environmentId, 'systems'],
    queryFn: ({ signal }) => crosswalk.system.list({ signal }),
    staleTime: fresh,
  });
  const of = (name: string) => data.find((system) => system.name === name);
  const patternOf = (name: string) => of(name)?.id_pattern ?? undefined;
  return {
    names: data.map(({ name }) => name),
    labelOf: (name) => of(name)?.label ?? name,
    linkOf(name, id) {
      const pattern = of(name)?.url_pattern ?? undefined;
      return pattern === undefined ? undefined : systemUrl(pattern, id);
    },
    patternOf,
    looksRight(name, id) {
      const pattern = patternOf(name);
      return pattern === undefined || matchesIdPattern(pattern, id);
    },
  };
}
