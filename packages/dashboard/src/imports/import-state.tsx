import type { Import } from '@crosswalk/sdk';
import { State } from '../elements/state.tsx';

const states = {
  RECEIVING: ['Sending', 'busy'],
  QUEUED: ['Waiting', 'busy'],
  RUNNING: ['Running', 'busy'],
  DONE: ['Done', 'good'],
  FAILED: ['Failed', 'bad'],
  CANCELED: ['Canceled', 'warning'],
} as const;
const undoStates = {
  QUEUED: ['Undo waiting', 'busy'],
  RUNNING: ['Undoing', 'busy'],
  DONE: ['Undone', 'over'],
  FAILED: ['Undo failed', 'bad'],
  CANCELED: ['Undo canceled', 'warning'],
} as const;

/** Where an import is, and its undo, which goes before. */
export function ImportState({ found: { state, undo, options } }: { found: Import }) {
  const [label, mood] = undo === null ? states[state] : undoStates[undo.state];
  return <State mood={mood}>{options.dry_run && state === 'DONE' ? 'Checked' : label}</State>;
}
