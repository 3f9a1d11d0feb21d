import type { Crosswalk } from '@crosswalk/sdk';
import { createContext, useContext } from 'react';
import { dashboardSession, type Session } from './session.ts';

/** The environment that is on screen, what the operator may do there, and the client of it. */
export interface Environment {
  id: string;
  name: string;
  role: Session['environments'][number]['role'];
  crosswalk: Crosswalk;
  /** may change records: editors and admins */
  mayEdit: boolean;
  /** may change settings, credentials and operators: admins */
  mayAdminister: boolean;
}

/** Describes an environment of a session. The client is made once: it is part of what effects depend on. */
export function environmentOf({ id, name, role }: Session['environments'][number]): Environment {
  const crosswalk = clients.get(id) ?? dashboardSession.client(id);
  clients.set(id, crosswalk);
  return { id, name, role, crosswalk, mayEdit: role !== 'viewer', mayAdminister: role === 'admin' };
}

const clients = new Map<string, Crosswalk>();

export const EnvironmentContext = createContext<Environment | undefined>(undefined);

/** The environment that is on screen. Keys of queries begin with its `id`. */
export function useEnvironment(): Environment {
  const environment = useContext(EnvironmentContext);
  if (environment === undefined) throw new Error('useEnvironment is for pages of an environment');
  return environment;
}
