import { readFile } from 'node:fs/promises';
import type { JsonValue } from '@crosswalk/contract';
import { isExactNumber } from '@crosswalk/contract/exact-number';
import { exactJson, InexactJsonError } from '@crosswalk/sdk';
import type { Command } from 'commander';
import { messageOf } from './errors.ts';
import { UsageError } from './exit.ts';
import { collect } from './options.ts';
import { readAll, type Streams } from './streams.ts';

/** A JSON object, as it was given. */
export type JsonObject = { [key: string]: JsonValue };

/** An option that sets a field: the flag, where the field is in the body, and what it is. An empty value clears the field. */
export interface FieldOption {
  flag: string;
  path: readonly string[];
  description: string;
}

/** What every command that writes a record takes beside its own fields. */
export interface BodyOptions {
  data?: string;
  metadata?: string[];
  externalIdOf?: string[];
}

/** Adds the options that fill the body of a record. */
export function withBody(command: Command, fields: readonly FieldOption[], { externalIds = true } = {}): Command {
  for (const { flag, description } of fields) command.option(`${flag} <value>`, description);
  if (externalIds)
    command.option('--external-id-of <system=id>', 'the ID it has in a system; nothing after = removes it; repeatable', collect);
  return command
    .option('--metadata <key=value>', 'a field of your own, such as seats:number=250; nothing after = removes it; repeatable', collect)
    .option('--data <json>', 'the fields as a JSON object; @file reads it from a file, - from standard input; other options go on top');
}

/** The body that the options describe. `creates`: the record is new, so what would be cleared is left out. */
export async function bodyOf(
  options: BodyOptions & Record<string, unknown>,
  fields: readonly FieldOption[],
  { input }: Streams,
  { creates = false } = {},
): Promise<JsonObject> {
  const body = options.data === undefined ? {} : parseObject(await textOf(options.data, input));
  for (const { flag, path } of fields) {
    const value = options[optionName(flag)];
    if (typeof value === 'string' && !(creates && value === '')) setAt(body, path, value === '' ? null : value);
  }
  const entries = (options.externalIdOf ?? []).map(systemEntry);
  merge(body, 'external_ids', creates ? entries.filter(([, id]) => id !== null) : entries);
  const members = (options.metadata ?? []).map(metadataEntry);
  merge(body, 'metadata', creates ? members.filter(([, , cleared]) => !cleared) : members);
  return body;
}

/** A body as what a call of the SDK takes. Its fields are whatever was given: the server checks each, so nothing does it a second time here. */
export function unchecked<Body>(body: JsonObject): Body {
  return body as Body;
}

/** The name commander gives the value of a flag: `--set-external-id` is `setExternalId`. */
function optionName(flag: string): string {
  return flag.replace(/^--/, '').replace(/-([a-z])/g, (_, letter: string) => letter.toUpperCase());
}

function setAt(body: JsonObject, path: readonly string[], value: JsonValue): void {
  const [name = '', ...rest] = path;
  if (rest.length === 0) {
    body[name] = value;
    return;
  }
  const inner = objectAt(body, name);
  setAt(inner, rest, value);
  body[name] = inner;
}

/** Entries become own properties whatever their keys are, `__proto__` too: the server refuses those that are none. */
function merge(body: JsonObject, name: string, entries: readonly (readonly [string, JsonValue, ...unknown[]])[]): void {
  if (entries.length > 0) body[name] = { ...objectAt(body, name), ...Object.fromEntries(entries.map(([key, value]) => [key, value])) };
}

function objectAt(body: JsonObject, name: string): JsonObject {
  const value = body[name];
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : {};
}

function systemEntry(text: string): [system: string, id: string | null] {
  const [system, id] = cut(text, '--external-id-of', 'stripe=cus_1');
  return [system, id === '' ? null : id];
}

const typeNames = ['text', 'number', 'boolean', 'json'];

/** `key=value` is a text, `key:number=1` and the like have their type, and `key=` means that there is no such key. */
function metadataEntry(text: string): [key: string, value: JsonValue, cleared: boolean] {
  const [left, value] = cut(text, '--metadata', 'plan=enterprise or seats:number=250');
  const at = left.lastIndexOf(':');
  if (at === -1) return [left, value === '' ? null : value, value === ''];
  const [key, type] = [left.slice(0, at), left.slice(at + 1)];
  if (key === '') throw new UsageError(`--metadata ${text.slice(0, 100)}: the key is missing before the colon`);
  return [key, typed(key, type, value), false];
}

function typed(key: string, type: string, value: string): JsonValue {
  if (type === 'text') return value;
  if (type === 'number') {
    if (!/^-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?$/.test(value))
      throw new UsageError(`--metadata ${key}:number: ${value.slice(0, 100)} is no number such as 250 or -1.5`);
    if (!isExactNumber(value))
      throw new UsageError(
        `--metadata ${key}:number: ${value.slice(0, 100)} cannot be held exactly as a number: write it as a text, --metadata ${key}=…`,
      );
    return Number(value);
  }
  if (type === 'boolean') {
    if (value !== 'true' && value !== 'false') throw new UsageError(`--metadata ${key}:boolean must be true or false`);
    return value === 'true';
  }
  if (type === 'json') return parseJson(value, `--metadata ${key}:json`);
  throw new UsageError(
    `--metadata: ${type.slice(0, 50)} is none of the types ${typeNames.join(', ')}; a key with a colon in it is written with --data`,
  );
}

function cut(text: string, option: string, example: string): [left: string, right: string] {
  const at = text.indexOf('=');
  if (at < 1) throw new UsageError(`${option} is written as ${example}, not ${text.slice(0, 100)}`);
  return [text.slice(0, at), text.slice(at + 1)];
}

async function textOf(data: string, input: Streams['input']): Promise<string> {
  if (data === '-') return readAll(input);
  if (!data.startsWith('@')) return data;
  try {
    return await readFile(data.slice(1), 'utf8');
  } catch (error) {
    throw new UsageError(`--data: ${data.slice(1)} cannot be read: ${messageOf(error)}`);
  }
}

function parseObject(text: string): JsonObject {
  const value = parseJson(text.replace(/^\ufeff/, ''), '--data');
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new UsageError('--data must be a JSON object: {"…": …}');
  return value;
}

function parseJson(text: string, option: string): JsonValue {
  try {
    return exactJson(text);
  } catch (error) {
    if (error instanceof InexactJsonError) throw new UsageError(`${option} ${error.message}`);
    throw new UsageError(`${option} is no JSON: ${messageOf(error)}`);
  }
}
