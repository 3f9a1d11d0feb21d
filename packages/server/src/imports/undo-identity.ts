import { type ExternalKey, findHolders, type Holder, type SystemIds } from '../external-ids/index.ts';
import { textOf } from './batch.ts';
import { leave, type Undo } from './undo.ts';

/** What names a record: its external IDs, and the one key beside them that is unique, an address or a slug. */
interface Names {
  ids: SystemIds;
  key: string | null;
}

/** A record that is to have former names again. `id` is a database ID. */
export interface Renaming {
  id: string;
  now: Names;
  wanted: Names;
}

/**
 * Which records can have their former names, in waves: within a wave no unique key goes from one record to another, as one statement
 * could not do that. The others are left: another record has a name that they had.
 */
export async function planRenaming<Item extends Renaming>(
  undo: Undo,
  kind: 'organization' | 'user',
  items: readonly Item[],
  findKeyHolders: (keys: readonly string[]) => Promise<Map<string, string>>,
): Promise<Item[][]> {
  const { tx, context } = undo;
  const gained = items.flatMap(gainedIds);
  const found = await findHolders(tx, context.environmentId, kind, gained);
  const holders = new Map(gained.flatMap((key, index): [string, Holder][] => toEntry(textOf(key), found[index])));
  const keys = await findKeyHolders(
    items.flatMap(({ now, wanted }) => (wanted.key === null || wanted.key === now.key ? [] : [wanted.key])),
  );
  const { waves, refused } = wavesOf(items, holders, keys);
  for (const { id } of refused) leave(undo, id, 'conflict', 'another record has an ID, an address or a slug that it had');
  return waves;
}

function toEntry<Value>(key: string, value: Value | undefined): [string, Value][] {
  return value === undefined ? [] : [[key, value]];
}

function gainedIds({ now, wanted }: Renaming): ExternalKey[] {
  return [...wanted.ids].flatMap(([system, value]) => (now.ids.get(system) === value ? [] : [{ system, value }]));
}

/** The plan, without the database: `holders` has who has which external ID, `keys` who has which key. */
export function wavesOf<Item extends Renaming>(
  items: readonly Item[],
  holders: ReadonlyMap<string, Holder>,
  keys: ReadonlyMap<string, string>,
): { waves: Item[][]; refused: Item[] } {
  const refused = new Set<Item>();
  for (;;) {
    const going = new Map(items.filter((item) => !refused.has(item)).map((item) => [item.id, item]));
    const isTaken = (item: Item) =>
      gainedIds(item).some(({ system, value }) => {
        const holder = holders.get(textOf({ system, value }));
        if (holder === undefined || holder.isAlias || holder.recordId === item.id) return false;
        // Its holder may give it up in the same step.
        const other = going.get(holder.recordId);
        return other === undefined || other.wanted.ids.get(system) === value;
      });
    const taken = [...going.values()].filter(isTaken);
    const { waves, stuck } = keyWaves([...going.values()], keys);
    if (taken.length === 0 && stuck.length === 0) return { waves, refused: [...refused] };
    for (const item of taken.length > 0 ? taken : stuck) refused.add(item);
  }
}

function keyWaves<Item extends Renaming>(items: readonly Item[], keys: ReadonlyMap<string, string>): { waves: Item[][]; stuck: Item[] } {
  const held = new Map(keys);
  const waves: Item[][] = [];
  let rest = [...items];
  while (rest.length > 0) {
    const ready = rest.filter(({ id, wanted: { key } }) => key === null || (held.get(key) ?? id) === id);
    if (ready.length === 0) return { waves, stuck: rest };
    waves.push(ready);
    for (const { now, wanted } of ready) if (now.key !== null && now.key !== wanted.key) held.delete(now.key);
    rest = rest.filter((item) => !ready.includes(item));
  }
  return { waves, stuck: [] };
}
