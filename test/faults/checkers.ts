import type { Operation } from './history.ts';

/**
 * The checkers of the experiments: what clients were told, held against what is there in the end. Each gives the promises that were broken,
 * a line each, and none when all hold. Linearizability has a file of its own.
 */

/** A record as it is in the end. */
export interface FoundRecord {
  id: string;
  externalId: string | null;
  version: number;
  metadata: Record<string, unknown>;
}

/** An event as the feed gives it. */
export interface FoundEvent {
  id: string;
  recordId: string;
  recordVersion: number;
}

/** Set: every record whose creation was acknowledged is there, and every one that is there was asked for by somebody who was not refused. */
export function checkSet(operations: readonly Operation[], found: readonly FoundRecord[]): string[] {
  const problems: string[] = [];
  const ids = new Set(found.map(({ id }) => id));
  const creates = operations.filter(({ kind }) => kind === 'create');
  for (const { outcome, id, key } of creates) {
    if (outcome === 'ok' && (id === undefined || !ids.has(id))) problems.push(`set: ${key} was acknowledged as ${id} and is not there`);
  }
  const possible = new Set(creates.filter(({ outcome }) => outcome !== 'failed').map(({ key }) => key));
  for (const { id, externalId, metadata } of found) {
    const key = externalId ?? metadata[keyField];
    if (typeof key !== 'string' || !possible.has(key)) problems.push(`set: ${id} (${key}) is there, and nobody made it`);
  }
  return problems;
}

/** Unique: of the creations of one key at most one made a record, all conflicts name it, and it is there once. */
export function checkUnique(operations: readonly Operation[], found: readonly FoundRecord[]): string[] {
  const problems: string[] = [];
  const [made, named] = [new Map<string, Set<string>>(), new Map<string, Set<string>>()];
  const add = (to: Map<string, Set<string>>, key: string, id: string) => to.set(key, (to.get(key) ?? new Set()).add(id));
  for (const { kind, outcome, key, id, status } of operations) {
    if (kind !== 'create' || id === undefined) continue;
    if (outcome === 'ok') add(made, key, id);
    if (outcome === 'ok' || status === 409) add(named, key, id);
  }
  for (const [key, ids] of made) if (ids.size > 1) problems.push(`unique: ${key} was made ${ids.size} times: ${[...ids].join(', ')}`);
  for (const [key, ids] of named) {
    if (ids.size > 1 && (made.get(key)?.size ?? 0) <= 1) problems.push(`unique: ${key} has several holders: ${[...ids].join(', ')}`);
  }
  const holders = new Map<string, Set<string>>();
  for (const { externalId, id } of found) if (externalId !== null) add(holders, externalId, id);
  for (const [key, ids] of holders) if (ids.size > 1) problems.push(`unique: ${key} is there ${ids.size} times: ${[...ids].join(', ')}`);
  return problems;
}

/**
 * Events: each change of each record has one event, whose versions come in the feed as 1, 2, 3 ... up to that of the record, and no
 * acknowledged version lacks one.
 */
export function checkEvents(operations: readonly Operation[], found: readonly FoundRecord[], events: readonly FoundEvent[]): string[] {
  const problems: string[] = [];
  const seen = new Set<string>();
  const versions = new Map<string, number>();
  for (const { id, recordId, recordVersion } of events) {
    if (seen.has(id)) problems.push(`events: ${id} came twice`);
    seen.add(id);
    const before = versions.get(recordId) ?? 0;
    if (recordVersion !== before + 1) problems.push(`events: of ${recordId}, version ${recordVersion} came after ${before}`);
    versions.set(recordId, recordVersion);
  }
  for (const { id, version } of found) {
    const last = versions.get(id) ?? 0;
    if (last !== version) problems.push(`events: ${id} is at version ${version}, its events end at ${last}`);
  }
  for (const { outcome, id, version, kind } of operations) {
    if (outcome !== 'ok' || id === undefined || version === undefined) continue;
    if ((versions.get(id) ?? 0) < version) problems.push(`events: version ${version} of ${id} was answered to a ${kind} and has no event`);
  }
  return problems;
}

/** Idempotency: all answers to one Idempotency-Key name one record and version, and what carries the key is there once. */
export function checkIdempotency(operations: readonly Operation[], found: readonly FoundRecord[]): string[] {
  const problems: string[] = [];
  const answers = new Map<string, Set<string>>();
  const keys = new Map<string, string>();
  for (const { idempotencyKey, outcome, id, version, key } of operations) {
    if (idempotencyKey === undefined) continue;
    keys.set(key, idempotencyKey);
    if (outcome !== 'ok') continue;
    answers.set(idempotencyKey, (answers.get(idempotencyKey) ?? new Set()).add(`${id} at version ${version}`));
  }
  for (const [key, different] of answers) {
    if (different.size > 1) problems.push(`idempotency: the key ${key} has several answers: ${[...different].join(', ')}`);
  }
  const made = new Map<string, number>();
  for (const { metadata } of found) {
    const key = metadata[keyField];
    if (typeof key === 'string') made.set(key, (made.get(key) ?? 0) + 1);
  }
  for (const [key, idempotencyKey] of keys) {
    const count = made.get(key) ?? 0;
    if (count > 1) problems.push(`idempotency: the key ${idempotencyKey} made ${count} records`);
    if (count === 0 && answers.has(idempotencyKey)) problems.push(`idempotency: the key ${idempotencyKey} was answered and made nothing`);
  }
  return problems;
}

/** The field of metadata that carries the key of a creation without an external ID: nothing but its Idempotency-Key keeps it from being made twice. */
export const keyField = 'made_by';
