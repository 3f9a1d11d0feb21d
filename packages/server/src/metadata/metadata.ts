import { type JsonValue, type Metadata, metadataLimits } from '@crosswalk/contract';
import { type ApiError, excerpt, invalid } from '../lib/api-error.ts';
import { storedBytes } from '../lib/stored-json.ts';
import { pointsIn, textProblem } from '../lib/text.ts';

/** Keys that would reach an object's prototype in JavaScript, here or at whoever reads the object. */
export const forbiddenKeys = new Set(['__proto__', 'constructor', 'prototype']);

/** Refuses a key that is one of them, of whatever the owner names the keys of; 400 with `code` names the field. */
export function refuseForbiddenKey(key: string, field: string, code: 'INVALID_METADATA' | 'INVALID_ARGUMENT' = 'INVALID_ARGUMENT'): void {
  if (!forbiddenKeys.has(key)) return;
  throw invalid(field, 'this key is not allowed: it names a part of every JavaScript object', 'forbidden_key', code);
}

/**
 * Checks metadata from outside: every key and text at every level, and the depth. Nulls are let through, they
 * mean "remove" in a patch. Size and number of keys are limits of what is stored: see `checkStored`.
 * 400 INVALID_METADATA names the key.
 */
function parseMetadata(value: Record<string, unknown>, field = 'metadata'): Metadata {
  const metadata: Metadata = {};
  for (const [key, member] of Object.entries(value)) {
    checkKey(key, field);
    if (key.startsWith('_') || key.startsWith('system:')) {
      throw refuse(`${field}.${excerpt(key)}`, 'keys that begin with "_" or "system:" are reserved', 'reserved_key');
    }
    metadata[key] = parseValue(member, `${field}.${excerpt(key)}`, 2);
  }
  return metadata;
}

function parseValue(value: unknown, path: string, depth: number): JsonValue {
  if (typeof value === 'string') {
    const problem = textProblem(value, 'data');
    if (problem !== undefined) throw refuse(path, problem.description, problem.constraint);
    return value;
  }
  if (value === null || typeof value === 'boolean') return value;
  if (typeof value === 'number') {
    if (!Number.isFinite(value)) throw refuse(path, 'must be a finite number', 'finite');
    return value;
  }
  if (typeof value !== 'object') throw refuse(path, `must be a JSON value, not ${typeof value}`, 'json');
  if (depth > metadataLimits.depth) {
    const levels = depth - 1 + levelsOf(value);
    throw refuse(
      path,
      `at most ${metadataLimits.depth} levels are taken; there would be ${levels} (${levels - metadataLimits.depth} too many)`,
      'max_depth',
    );
  }
  if (Array.isArray(value)) return value.map((item, index) => parseValue(item, `${path}.${index}`, depth + 1));
  const object: { [key: string]: JsonValue } = {};
  for (const [key, member] of Object.entries(value)) {
    checkKey(key, path);
    object[key] = parseValue(member, `${path}.${excerpt(key)}`, depth + 1);
  }
  return object;
}

/** Levels of objects and arrays in a value; 0 of one that is neither. A body has 32 at most. */
function levelsOf(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 0;
  return 1 + Object.values(value).reduce((most: number, member) => Math.max(most, levelsOf(member)), 0);
}

function checkKey(key: string, path: string): void {
  const at = `${path}.${excerpt(key)}`;
  refuseForbiddenKey(key, at, 'INVALID_METADATA');
  const points = key.length > 2 * metadataLimits.keyPoints ? key.length : pointsIn(key);
  if (points === 0) throw refuse(path, 'has an empty key', 'min_key_length');
  if (points > metadataLimits.keyPoints) {
    throw refuse(at, `a key may have at most ${metadataLimits.keyPoints} characters; this one has ${points}`, 'max_key_length');
  }
  const problem = textProblem(key, 'name');
  if (problem !== undefined) throw refuse(path, `a key ${problem.description}`, problem.constraint);
  if (key !== key.normalize('NFC')) throw refuse(at, 'a key must be in Unicode normal form NFC', 'nfc');
}

/** Checks the limits of what would be stored; 400 INVALID_METADATA tells the limit and the excess. */
export function checkStored(metadata: Metadata, field = 'metadata'): void {
  const keys = Object.keys(metadata).length;
  if (keys > metadataLimits.keys) {
    throw refuse(
      field,
      `may have at most ${metadataLimits.keys} keys; it would have ${keys} (${keys - metadataLimits.keys} too many)`,
      'max_keys',
    );
  }
  const bytes = storedBytes(metadata);
  if (bytes > metadataLimits.bytes) {
    throw refuse(
      field,
      `may take at most ${metadataLimits.bytes} bytes; it would take ${bytes} (${bytes - metadataLimits.bytes} too many)`,
      'max_bytes',
    );
  }
}

/** RFC 7396: a null member removes, objects merge level by level, anything else replaces. */
function mergePatch(target: Metadata, patch: Metadata): Metadata {
  const merged = { ...target };
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) delete merged[key];
    else merged[key] = isObject(value) ? mergePatch(ownObject(target, key), value) : value;
  }
  return merged;
}

function ownObject(target: Metadata, key: string): Metadata {
  const member = Object.hasOwn(target, key) ? target[key] : undefined;
  return isObject(member) ? member : {};
}

function isObject(value: JsonValue | undefined): value is Metadata {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Metadata with a patch merged into it: parsed and within the limits. For metadata inside of a record that is locked. */
export function mergeMetadata(target: Metadata, patch: Record<string, unknown>, field: string): Metadata {
  const metadata = mergePatch(target, parseMetadata(patch, field));
  checkStored(metadata, field);
  return metadata;
}

/** Metadata of a new record or in place of all that is there: parsed, without nulls, within the limits. */
export function newMetadata(value: Record<string, unknown> | undefined, field = 'metadata'): Metadata {
  return mergeMetadata({}, value ?? {}, field);
}

/** How an update changes metadata: merges a patch into it (RFC 7396), or puts another object in its place. */
export interface MetadataChange {
  metadata: Metadata;
  replace: boolean;
}

/** A change, or one that depends on what is stored: it is asked for when the record is locked. */
export type MetadataUpdate = MetadataChange | ((stored: Metadata) => MetadataChange);

/** The change that an update means for a record with this metadata. */
export function changeOf(update: MetadataUpdate, stored: Metadata): MetadataChange {
  return typeof update === 'function' ? update(stored) : update;
}

/**
 * The metadata of an update, checked; absent changes nothing. What it sets is there after the merge, so one that is too large alone is refused
 * before the database writes its numbers out.
 */
export function metadataPatch(value: Record<string, unknown> | undefined): MetadataChange {
  const metadata = parseMetadata(value ?? {});
  checkStored(mergePatch({}, metadata));
  return { metadata, replace: false };
}

/** An update that sets one key as a whole, or removes it: undefined. */
export function keyReplacement(key: string, value: JsonValue | undefined): MetadataUpdate {
  return ({ [key]: _before, ...others }) => metadataReplacement(value === undefined ? others : { ...others, [key]: value });
}

/** Metadata to put in place of all that is there, checked. */
export function metadataReplacement(value: Record<string, unknown>): MetadataChange {
  return { metadata: newMetadata(value), replace: true };
}

function refuse(field: string, description: string, constraint: string): ApiError {
  return invalid(field, description, constraint, 'INVALID_METADATA');
}
