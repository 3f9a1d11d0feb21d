import { useMemo } from 'react';
import type { Wanted } from '../../events/use-events.ts';

/** Spans up to now that are chosen by name, in seconds. */
export const spans: Record<string, { label: string; seconds: number }> = {
  '1h': { label: 'Last hour', seconds: 3_600 },
  '24h': { label: 'Last 24 hours', seconds: 86_400 },
  '7d': { label: 'Last 7 days', seconds: 7 * 86_400 },
  '30d': { label: 'Last 30 days', seconds: 30 * 86_400 },
};

/** What an address of the page asks for. A span up to now begins where it began when it was chosen. */
export function useWanted(types: string[], organization: string, actor: string, time: { last: string; from: string; to: string }): Wanted {
  const key = JSON.stringify([types, organization, actor, time]);
  return useMemo(() => {
    const span = spans[time.last];
    const from = span === undefined ? momentOf(time.from) : new Date(Date.now() - span.seconds * 1000).toISOString();
    const to = span === undefined ? momentOf(time.to) : undefined;
    return {
      ...(types.length === 0 ? {} : { types }),
      ...(organization === '' ? {} : { organizationId: organization }),
      ...(actor === '' ? {} : { actorId: actor }),
      ...(from === undefined ? {} : { from }),
      ...(to === undefined ? {} : { to }),
    };
  }, [key]);
}

/** A moment of an address as the API takes it; undefined for what is none. */
function momentOf(text: string): string | undefined {
  const time = new Date(text);
  return text === '' || Number.isNaN(time.getTime()) ? undefined : time.toISOString();
}
