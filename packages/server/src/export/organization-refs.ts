import type { RowReference } from '@crosswalk/contract';
import { formatId } from '../lib/id.ts';
import { externalReference } from './export.ts';

/** What tells how an organization can be named. `id` is a database ID. */
interface Named {
  id: string;
  external_id: string | null;
  external_ids: Record<string, string>;
}

/**
 * The names that an export gives to organizations which have no ID of their owner's: r1, r2, … in the order of their rows. It remembers their
 * database IDs, which come in ascending order, at eight bytes each.
 */
export class OrganizationRefs {
  readonly #areInFile: boolean;
  #ids = new BigInt64Array(64);
  #length = 0;

  /** `areInFile`: whether rows of organizations come before those that refer to them; if not, they are named by their ID here. */
  constructor(areInFile: boolean) {
    this.#areInFile = areInFile;
  }

  /** The `ref` of the next organization; undefined if it can be named by an ID of its owner's. */
  of({ id, external_id, external_ids }: Named): string | undefined {
    if (!this.#areInFile || externalReference(external_id, external_ids) !== undefined) return undefined;
    if (this.#length === this.#ids.length) {
      const larger = new BigInt64Array(2 * this.#length);
      larger.set(this.#ids);
      this.#ids = larger;
    }
    this.#ids[this.#length] = BigInt(id);
    this.#length += 1;
    return `r${this.#length}`;
  }

  /** How a row names an organization. */
  referenceTo({ id, external_id, external_ids }: Named): RowReference {
    const external = externalReference(external_id, external_ids);
    if (external !== undefined) return external;
    return this.#areInFile ? { ref: `r${this.#placeOf(BigInt(id))}` } : { id: formatId('org', id) };
  }

  #placeOf(id: bigint): number {
    let [from, to] = [0, this.#length];
    while (from < to) {
      const middle = (from + to) >>> 1;
      if ((this.#ids[middle] ?? id) < id) from = middle + 1;
      else to = middle;
    }
    if (this.#ids[from] !== id) throw new Error('a row refers to an organization that had no row');
    return from + 1;
  }
}
