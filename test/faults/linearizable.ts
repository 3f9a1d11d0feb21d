import type { Operation } from './history.ts';

/**
 * Merge: for each record there is an order of its operations that agrees with the time (what ended before another began comes first) and in
 * which each merge and each read gives the metadata and the version that it was answered. A merge whose end is unknown may be anywhere after
 * its beginning, or nowhere.
 *
 * This is the search of Wing and Gong (Testing and Verifying Concurrent Objects, 1993), for each record by itself. As each answer tells the
 * version, only a version that nobody was told of has several merges to choose from.
 */
export function checkMerges(operations: readonly Operation[]): string[] {
  const byKey = new Map<string, Operation[]>();
  for (const operation of operations) {
    if (operation.kind === 'create' || operation.outcome === 'failed' || (operation.kind === 'read' && operation.outcome !== 'ok'))
      continue;
    const own = byKey.get(operation.key);
    if (own === undefined) byKey.set(operation.key, [operation]);
    else own.push(operation);
  }
  return [...byKey].flatMap(([key, own]) => {
    const search = new Search(own);
    return search.succeeds() ? [] : [`merge: no order of the operations on ${key} explains their answers: ${search.report()}`];
  });
}

/** A record as the model has it: how often it was changed, and its fields. */
interface State {
  version: number;
  fields: Record<string, unknown>;
}

/** After this many merges that were tried at places which nobody was told of, a search gives up, and counts as failed. */
const maxTries = 1_000_000;

class Search {
  /** what was answered, in the order of the beginnings */
  readonly #answered: Operation[];
  readonly #merges = new Map<number, Operation[]>();
  readonly #reads = new Map<number, Operation[]>();
  /** the merges whose end is unknown, the youngest first: most have their effect soon */
  readonly #unknown: Operation[];
  readonly #taken = new Set<Operation>();
  #tries = 0;
  #best = 0;

  constructor(operations: Operation[]) {
    this.#answered = operations.filter(({ outcome }) => outcome === 'ok').toSorted((a, b) => a.invoked - b.invoked);
    this.#unknown = operations.filter(({ outcome }) => outcome === 'unknown').toSorted((a, b) => b.invoked - a.invoked);
    for (const operation of this.#answered) {
      const to = operation.kind === 'merge' ? this.#merges : this.#reads;
      const version = operation.version ?? 0;
      to.set(version, [...(to.get(version) ?? []), operation]);
    }
  }

  report(): string {
    return `${this.#best} of ${this.#answered.length} are explained${this.#tries > maxTries ? ` (gave up after ${maxTries} tries)` : ''}`;
  }

  /** A record begins with version 1 and no metadata. */
  succeeds(): boolean {
    return this.#from({ version: 1, fields: {} }, 0);
  }

  /** Goes on from a state until all is explained. `low` is the number of operations that are taken from the beginning on. */
  #from(start: State, startLow: number): boolean {
    const log: Operation[] = [];
    const undo = () => {
      for (const operation of log) this.#taken.delete(operation);
      return false;
    };
    let [state, low, count] = [start, startLow, this.#countTaken(startLow)];
    for (;;) {
      for (const read of this.#reads.get(state.version) ?? []) {
        if (!same(state.fields, read.value)) return undo();
        // What ended before it began, and is not there yet, must come before it, and cannot any more.
        if (read.invoked > this.#earliestEnd(low)) return undo();
        this.#taken.add(read);
        log.push(read);
        count += 1;
      }
      this.#best = Math.max(this.#best, count);
      if (count === this.#answered.length) return true;
      while (this.#isTaken(low)) low += 1;
      const end = this.#earliestEnd(low);
      const [merge, ...others] = this.#merges.get(state.version + 1) ?? [];
      if (merge === undefined) break;
      const fields = { ...state.fields, ...merge.wanted };
      if (others.length > 0 || merge.invoked > end || !same(fields, merge.value)) return undo();
      this.#taken.add(merge);
      log.push(merge);
      count += 1;
      state = { version: state.version + 1, fields };
    }
    const end = this.#earliestEnd(low);
    for (const merge of this.#unknown) {
      if (merge.invoked > end || this.#taken.has(merge)) continue;
      this.#tries += 1;
      if (this.#tries > maxTries) break;
      this.#taken.add(merge);
      if (this.#from({ version: state.version + 1, fields: { ...state.fields, ...merge.wanted } }, low)) return true;
      this.#taken.delete(merge);
    }
    return undo();
  }

  #countTaken(low: number): number {
    let count = low;
    for (let index = low; index < this.#answered.length; index += 1) if (this.#isTaken(index)) count += 1;
    return count;
  }

  #isTaken(index: number): boolean {
    const operation = this.#answered[index];
    return operation !== undefined && this.#taken.has(operation);
  }

  /** When the first operation that is left had ended: what begins later cannot come before it. */
  #earliestEnd(low: number): number {
    let end = Number.POSITIVE_INFINITY;
    for (let index = low; index < this.#answered.length; index += 1) {
      const operation = this.#answered[index];
      if (operation === undefined || operation.invoked > end) break;
      if (!this.#taken.has(operation)) end = Math.min(end, operation.ended);
    }
    return end;
  }
}

function same(one: Record<string, unknown>, other: Record<string, unknown> = {}): boolean {
  const names = Object.keys(one);
  return names.length === Object.keys(other).length && names.every((name) => one[name] === other[name]);
}
