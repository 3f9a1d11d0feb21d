/**
 * SQL: the first parameters as arrays of these types, for `unnest`.
 *
 * `(select $1)` hides from the planner how many keys there are. Where it sees fewer than the ten it reckons with
 * otherwise, it takes a plan for just these to be cheaper than the plan it could keep, and plans each statement anew: for a
 * connection that began with single keys, for ever. Planning takes longer than looking up.
 */
export function batchColumns(...types: string[]): string {
  return types.map((type, index) => `(select $${index + 1}::${type}[])`).join(', ');
}

/**
 * SQL: the keys of a batch as rows, parameter by parameter a column, with their number (from 1) as the last one; give them
 * their names with `as k (...)`.
 */
export function batchKeys(...types: string[]): string {
  return `unnest(${batchColumns(...types)}) with ordinality`;
}
