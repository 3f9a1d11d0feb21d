import { setTimeout as pause } from 'node:timers/promises';
import { type Crosswalk, CrosswalkError, type Import } from '@crosswalk/sdk';

/** How often an import is asked for, and how long it is left alone while the server does not answer. Milliseconds. */
const [interval, patience] = [500, 2_000];

/** Who hears of an import that is followed. */
export interface Follower {
  onProgress: (found: Import) => void;
  /** the server does not answer: it is asked again */
  onSilence: (message: string) => void;
}

/** Whether nothing goes on any more: neither the import nor its undo. */
export function hasEnded({ finish_time: end, undo }: Import): boolean {
  return end !== null && undo?.finish_time !== null;
}

/** Waits until an import, and its undo if there is one, has ended, also while the server is started again. The import as it is; not ended when the signal was aborted. */
export async function follow(crosswalk: Crosswalk, id: string, { onProgress, onSilence }: Follower, signal: AbortSignal): Promise<Import> {
  let found: Import | undefined;
  let isSilent = false;
  for (;;) {
    try {
      found = await crosswalk.imports.get(id, { signal });
      isSilent = false;
      onProgress(found);
      if (hasEnded(found)) return found;
    } catch (error) {
      if (signal.aborted && found !== undefined) return found;
      if (!(error instanceof CrosswalkError) || !(error.status === 0 || error.status >= 500)) throw error;
      if (!isSilent) onSilence(error.message);
      isSilent = true;
    }
    await pause(isSilent ? patience : interval, undefined, { signal }).catch(() => {});
    if (signal.aborted && found !== undefined) return found;
  }
}
