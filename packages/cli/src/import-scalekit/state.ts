import { open, readFile, rename, rm } from 'node:fs/promises';
import { messageOf } from '../errors.ts';
import { UsageError } from '../exit.ts';
import { isTally, type Tally } from './tally.ts';

/** The parts of an import, in their order: each is finished before the next begins. */
export const phaseNames = ['permissions', 'roles', 'organizations', 'users', 'user_limits'] as const;
export type PhaseName = (typeof phaseNames)[number];

/** From where to where, and how. A state file is of one such import and of no other. */
export interface ImportIdentity {
  source: { url: string; client_id: string };
  target: { url: string; environment_id: string };
  invitations: boolean;
}

/** How far an import is: all before `page_token` of `phase` is done. */
export interface ImportState extends ImportIdentity {
  /** version of this form */
  crosswalk_import: 1;
  phase: PhaseName;
  /** empty for the first page */
  page_token: string;
  /** what was done in the phases before */
  tally: Tally;
  /** what was done in this one */
  phase_tally: Tally;
}

/** The file that keeps how far an import is. It holds no secret, but addresses of people in conflicts: its owner alone may read it. */
export class StateFile {
  readonly path: string;

  constructor(path: string) {
    this.path = path;
  }

  /** How far the import is; undefined when it has not begun. A `UsageError` when the file is of another import, or of none. */
  async read(identity: ImportIdentity): Promise<ImportState | undefined> {
    const text = await readFile(this.path, 'utf8').catch((error: unknown) => {
      if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
      throw new UsageError(`${this.path} cannot be read: ${messageOf(error)}`);
    });
    if (text === undefined) return undefined;
    const state = parse(text);
    if (!isState(state)) throw new UsageError(`${this.path} is not the state of an import: name another file with --state, or remove it`);
    const other = differenceOf(state, identity);
    if (other !== undefined)
      throw new UsageError(
        `${this.path} is the state of another import: ${other}; finish that one, name another file with --state, or remove it to begin anew`,
      );
    return state;
  }

  /** Puts the state in place of what was there: after a crash at any moment the file has either, whole. */
  async write(state: ImportState): Promise<void> {
    const draft = `${this.path}.tmp`;
    try {
      const file = await open(draft, 'w', 0o600);
      await file.writeFile(`${JSON.stringify(state, null, 2)}\n`);
      await file.sync();
      await file.close();
      await rename(draft, this.path);
    } catch (error) {
      throw new Error(`the state of the import cannot be kept: ${messageOf(error)}; name a file that can be written with --state`);
    }
  }

  /** The import is finished. */
  async remove(): Promise<void> {
    await rm(this.path, { force: true });
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function isState(value: unknown): value is ImportState {
  const { crosswalk_import: form, source, target, invitations, phase, page_token: token, tally, phase_tally: phaseTally } = Object(value);
  return (
    form === 1 &&
    [source?.url, source?.client_id, target?.url, target?.environment_id, token].every((text) => typeof text === 'string') &&
    typeof invitations === 'boolean' &&
    phaseNames.includes(phase) &&
    isTally(tally) &&
    isTally(phaseTally)
  );
}

/** What the state of another import is of; undefined when it is of this one. Another URL of the same environment is no difference. */
function differenceOf({ source, target, invitations }: ImportState, now: ImportIdentity): string | undefined {
  if (source.url !== now.source.url) return `from ${source.url}, not ${now.source.url}`;
  if (source.client_id !== now.source.client_id) return `with the client ${source.client_id}, not ${now.source.client_id}`;
  if (target.environment_id !== now.target.environment_id)
    return `into ${target.environment_id} at ${target.url}, not ${now.target.environment_id}`;
  if (invitations !== now.invitations) return invitations ? 'with --invitations' : 'without --invitations';
  return undefined;
}
