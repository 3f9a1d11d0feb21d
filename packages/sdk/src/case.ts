/** Fields whose keys are the caller's own: never converted, at any depth. */
const opaque = new Set(['metadata', 'external_ids', 'custom_attributes', 'custom_claims', 'templates']);

type OpaqueKey = 'metadata' | 'external_ids' | 'custom_attributes' | 'custom_claims' | 'templates';

type Camel<Key extends string> = Key extends `${infer Head}_${infer Tail}` ? `${Head}${Capitalize<Camel<Tail>>}` : Key;

/** A message of the API with the keys of its first level in camelCase. */
export type CamelKeys<T> = { [Key in keyof T as Key extends string ? Camel<Key> : Key]: T[Key] };

/** What a method takes: a message of the API, each key in snake_case as documented or in camelCase, at every level. */
export type Either<T> = T extends readonly (infer Item)[]
  ? Either<Item>[]
  : T extends object
    ? { [Key in keyof T]: Inside<T, Key> } | { [Key in keyof T as Key extends string ? Camel<Key> : Key]: Inside<T, Key> }
    : T;

type Inside<T, Key extends keyof T> = Key extends OpaqueKey ? T[Key] : Either<T[Key]>;

/**
 * A request body with the API's snake_case keys. Keys inside `metadata`, `external_ids`, `custom_attributes`, `custom_claims` and
 * `templates`, which are languages, stay as they are. Throws a `TypeError` when one field is given under both spellings with different values.
 */
export function toSnakeCase(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(toSnakeCase);
  if (typeof value !== 'object' || value === null) return value;
  const converted: Record<string, unknown> = {};
  for (const [key, member] of Object.entries(value)) {
    if (member === undefined) continue;
    const name = key.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
    if (Object.hasOwn(converted, name) && converted[name] !== member) throw new TypeError(`${name} is given twice, as ${key} too`);
    converted[name] = opaque.has(name) ? member : toSnakeCase(member);
  }
  return converted;
}
