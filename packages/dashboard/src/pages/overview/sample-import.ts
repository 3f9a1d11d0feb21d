import type { Crosswalk, Import } from '@crosswalk/sdk';
import address from './sample.ndjson?url';

/** Imports that are looked through for the one of the sample: the newest. */
const looked = 100;

/** Reads the sample: rows of 20 organizations, 60 users and their memberships, all with `sample: true` in their metadata. */
async function readSample(signal?: AbortSignal): Promise<Blob> {
  const response = await fetch(address, signal === undefined ? {} : { signal });
  if (!response.ok) throw new Error(`the sample could not be loaded: ${response.status}`);
  return response.blob();
}

/**
 * The import that brought the sample and whose records are still there. Imports have no name: it is known by its size, to the byte, and by
 * being one that only creates. Any browser finds it so, and no record has to be marked.
 */
export async function findSampleImport(crosswalk: Crosswalk, signal: AbortSignal): Promise<Import | undefined> {
  const [{ imports }, { size }] = await Promise.all([crosswalk.imports.list({ pageSize: looked }, { signal }), readSample(signal)]);
  return imports.find(
    ({ bytes, state, options, undo }) =>
      bytes === size && state === 'DONE' && options.mode === 'create_only' && !options.dry_run && undo?.state !== 'DONE',
  );
}

/** Imports the sample. What is there already stays as it is: rows about it are rejected. Throws when the import does not end well. */
export async function loadSample(crosswalk: Crosswalk): Promise<Import> {
  const sample = await readSample();
  const begun = await crosswalk.imports.create(await sample.text(), { mode: 'create_only' });
  const ended = await crosswalk.imports.wait(begun.id, { interval: 250 });
  if (ended.state !== 'DONE') throw new Error(ended.error?.message ?? `the import ended as ${ended.state}`);
  return ended;
}

/** Takes the sample back. Records that were changed since stay; the answer counts them. */
export async function removeSample(crosswalk: Crosswalk, id: string): Promise<Import> {
  await crosswalk.imports.undo(id);
  const ended = await crosswalk.imports.wait(id, { interval: 250 });
  if (ended.undo?.state !== 'DONE') throw new Error(ended.undo?.error?.message ?? `the undo ended as ${ended.undo?.state ?? 'nothing'}`);
  return ended;
}

/** How many records an undo left alone. */
export function leftBy({ undo }: Import): number {
  return undo === null ? 0 : Object.values(undo.counts).reduce((sum, { left }) => sum + left, 0);
}
