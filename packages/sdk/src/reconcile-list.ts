import type { JsonValue, ReconcileItem } from '@crosswalk/contract';
import { ColumnMapping, MappingError, type MappingOptions } from './column-mapping.ts';
import type { CsvRecord } from './csv-conversion.ts';
import { exactJson, InexactJsonError } from './exact-json.ts';
import type { ImportPreset } from './import-presets.ts';

/** What a column of a list can be, beside `metadata.KEY`. */
const fields = ['id', 'name', 'email', 'domain'] as const;

/** The columns of a known export, as those of a list to compare. */
export function listPreset({ rows: [first], domain, ...preset }: ImportPreset): ImportPreset {
  const { system } = preset;
  const columns = Object.entries(first.columns).flatMap(([field, names]): [string, readonly string[]][] => {
    if (field === `external_ids.${system}`) return [['id', names]];
    if (field === 'display_name') return [['name', names]];
    return field === 'email' || field.startsWith('metadata.') ? [[field, names]] : [];
  });
  return {
    ...preset,
    rows: [{ kind: first.kind, columns: { ...Object.fromEntries(columns), ...(domain === undefined ? {} : { domain }) } }],
  };
}

/**
 * The entries of another system's list of CSV. Without `options` the columns that have the names of fields are read: `id`, `name`, `email`,
 * `domain`, `metadata.KEY:TYPE`. Throws a `MappingError`.
 */
export async function* reconcileItemsOfCsv(
  records: AsyncIterable<CsvRecord>,
  kind: 'organization' | 'user',
  options?: MappingOptions,
): AsyncGenerator<ReconcileItem, void, undefined> {
  let mapping: ColumnMapping | undefined;
  for await (const { line, cells } of records) {
    if (mapping === undefined) {
      mapping = new ColumnMapping(cells, options ?? { kind, map: ownNames(cells) });
      if (!mapping.header.includes('id')) throw new MappingError(`nothing says which column has the IDs: one of ${cells.join(', ')}`);
      continue;
    }
    if (cells.length !== mapping.columnCount)
      throw new MappingError(`line ${line} has ${cells.length} cells, and the header ${mapping.columnCount} columns`);
    for (const record of mapping.recordsOf(cells)) yield itemOf(mapping.header, record, line);
  }
}

/** The entries of another system's list of NDJSON, a line each. Throws a `MappingError` that names the line. */
export async function* reconcileItemsOfLines(lines: AsyncIterable<string>): AsyncGenerator<ReconcileItem, void, undefined> {
  let number = 0;
  for await (const line of lines) {
    number += 1;
    if (line.trim() === '') continue;
    const refuse = (what: string) => new MappingError(`line ${number} ${what}: {"id": "cus_1", "name": "Acme", "fields": {"plan": "pro"}}`);
    let item: unknown;
    try {
      item = exactJson(line);
    } catch (error) {
      throw error instanceof InexactJsonError
        ? new MappingError(`line ${number} ${error.message}`)
        : refuse('is no JSON; an entry is one line');
    }
    if (!isItem(item)) throw refuse('has no id; an entry is one line');
    yield item;
  }
}

/** Columns that have the names of fields already. */
function ownNames(header: readonly string[]): Record<string, string> {
  const own = header.map((name) => name.trim()).filter((name) => fields.some((field) => field === name) || name.startsWith('metadata.'));
  return Object.fromEntries(own.map((name) => [name, name]));
}

/** An entry of a record; an empty cell says nothing. Throws a `MappingError` that names the line and the field. */
function itemOf(header: readonly string[], record: readonly string[], line: number): ReconcileItem {
  const item: ReconcileItem = { id: '' };
  const known: Record<string, unknown> = {};
  for (const [index, field] of header.entries()) {
    const cell = record[index] ?? '';
    const name = fields.find((one) => one === field);
    if (cell === '') continue;
    if (name === 'domain') item.domain = hostOf(cell);
    else if (name !== undefined) item[name] = cell;
    const [, key, type] = /^metadata\.(.+?)(?::(text|number|boolean|json))?$/s.exec(field) ?? [];
    if (key !== undefined) known[key] = typed(cell, type, `line ${line} in the column of metadata.${key}`);
  }
  return Object.keys(known).length === 0 ? item : { ...item, fields: known };
}

/**
 * A value of the type that its column says; what is not of it stays text, and so is told as a difference. Throws a `MappingError` for what is of
 * it and would become another value.
 */
function typed(cell: string, type: string | undefined, place: string): JsonValue {
  if (type === undefined || type === 'text') return cell;
  try {
    const value = exactJson(type === 'boolean' ? cell.toLowerCase() : cell);
    return type === 'json' || typeof value === type ? value : cell;
  } catch (error) {
    if (error instanceof InexactJsonError)
      throw new MappingError(`${place} ${error.message}${type === 'number' ? ', by :text in place of :number' : ''}`);
    return cell;
  }
}

/** The host of a web site, as lists have them: `https://www.acme.example/en`. */
function hostOf(text: string): string {
  const url = /^[a-z]+:\/\//i.test(text) ? text : `https://${text}`;
  return URL.canParse(url) ? new URL(url).hostname.replace(/^www\./, '') : text;
}

/** Whether it may be an entry: the server checks the rest, and names the field. */
function isItem(value: unknown): value is ReconcileItem {
  return typeof value === 'object' && value !== null && 'id' in value && typeof value.id === 'string';
}
