/** The place of an item in a line. */
export interface Place<Item> {
  readonly item: Item;
  before: Place<Item> | undefined;
  after: Place<Item> | undefined;
}

/**
 * Items in the order in which they came, each of which may leave at any time: for what comes and goes with every request.
 *
 * A `Map` or a `Set` is no good for that: it makes its table anew every few dozen items, and the old table keeps what was in it then, and
 * the next table. Once one of these tables has become old to the garbage collector, all that follow it are kept with their requests until the
 * next full collection: a sixth of all that look-ups allocated (docs/decisions/0003). Here who leaves lets go of its neighbours.
 */
export class Line<Item> {
  #first: Place<Item> | undefined;
  #last: Place<Item> | undefined;

  /** The place of the item that has been here longest; undefined when nothing is. */
  get first(): Place<Item> | undefined {
    return this.#first;
  }

  /** Puts an item at the end; what is returned is its place, which `leave` takes once. */
  join(item: Item): Place<Item> {
    const place: Place<Item> = { item, before: this.#last, after: undefined };
    if (this.#last === undefined) this.#first = place;
    else this.#last.after = place;
    this.#last = place;
    return place;
  }

  /** Takes an item out; false when it has left already. */
  leave(place: Place<Item>): boolean {
    const { before, after } = place;
    if (before === undefined && this.#first !== place) return false;
    if (before === undefined) this.#first = after;
    else before.after = after;
    if (after === undefined) this.#last = before;
    else after.before = before;
    place.before = undefined;
    place.after = undefined;
    return true;
  }

  *[Symbol.iterator](): Generator<Item> {
    for (let place = this.#first; place !== undefined; place = place.after) yield place.item;
  }
}
