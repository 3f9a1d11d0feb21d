import { csvColumnLimit, type TransferKind, type TransferRow } from '@crosswalk/contract';
import { stringify } from 'csv-stringify/sync';
import { invalid } from '../lib/api-error.ts';
import type { FoundKey } from './export-store.ts';

/** How the cells of a column are read: as text, or as what the mark behind the name of the column says. */
type CellType = 'text' | 'number' | 'boolean' | 'json';

/** A column of a CSV: its name, and where its cells come from. */
export interface Column {
  header: string;
  type: CellType;
  /** the members that lead to the value; of several keys, an object with those */
  path: readonly string[];
  keys?: readonly string[];
}

const reference = (name: string) => [`${name}.external_id`, `${name}.system`];

/** Names of the columns that rows of a kind always have; `*` stands for those of the keys that are there. */
const fixed: Record<TransferKind, readonly string[]> = {
  permission: ['kind', 'name', 'description'],
  role: [
    ...['kind', 'name', ...reference('organization'), 'organization.id', 'display_name', 'description', 'extends', 'permissions:json'],
    ...['default_creator:boolean', 'default_member:boolean'],
  ],
  organization: [
    ...['kind', 'external_id', 'external_ids.*', 'display_name', 'region_code', 'slug', 'logo_url', 'settings.features:json'],
    ...['settings.user_management.max_allowed_users:number', 'settings.session_policy:json', 'default_member_role', 'domains:json'],
    'metadata.*',
  ],
  user: [
    ...['kind', 'external_id', 'external_ids.*', 'email'],
    ...['given_name', 'family_name', 'name', 'preferred_username', 'picture', 'gender', 'locale', 'phone_number'].map(
      (name) => `user_profile.${name}`,
    ),
    ...['user_profile.groups:json', 'user_profile.custom_attributes:json', 'user_profile.metadata:json', 'metadata.*'],
  ],
  membership: [
    ...['kind', ...reference('organization'), 'organization.id', ...reference('user'), 'user.email'],
    ...['roles:json', 'membership_status', 'inviter_email', 'metadata.*'],
  ],
};

/** The columns of a CSV of one kind; 400 when there are too many. */
export function columnsOf(kind: TransferKind, found: ReadonlyMap<string, FoundKey>): Column[] {
  const columns = fixed[kind].flatMap((name) => {
    if (!name.endsWith('.*')) return [fixedColumn(name)];
    const part = name.slice(0, -2);
    return foundColumns(
      part,
      [...found.values()].filter((one) => one.part === part),
    );
  });
  if (columns.length > csvColumnLimit) {
    const description = `a CSV may have ${csvColumnLimit} columns, and the keys and systems that are there make ${columns.length}; use format=ndjson`;
    throw invalid('format', description, 'max_columns');
  }
  return columns;
}

function fixedColumn(header: string): Column {
  const [path = '', mark] = header.split(':');
  return { header, type: mark === 'json' || mark === 'number' || mark === 'boolean' ? mark : 'text', path: path.split('.') };
}

/**
 * Columns of keys. Those whose names cannot be told from a path or a mark, or end in white space, are gathered in one column of JSON; it comes
 * first, as the others are then added to its object.
 */
function foundColumns(part: string, found: readonly FoundKey[]): Column[] {
  const sorted = [...found].sort((a, b) => (a.key < b.key ? -1 : 1));
  const odd = sorted.filter(({ key }) => /[.:]|^\s|\s$/.test(key)).map(({ key }) => key);
  const columns = sorted
    .filter(({ key }) => !odd.includes(key))
    .map(({ key, types }): Column => {
      const type = typeOf(types);
      return { header: `${part}.${key}${type === 'text' ? '' : `:${type}`}`, type, path: [part, key] };
    });
  return odd.length === 0 ? columns : [{ header: `${part}:json`, type: 'json', path: [part], keys: odd }, ...columns];
}

function typeOf(types: readonly string[]): CellType {
  const [type, ...others] = types;
  if (others.length > 0) return 'json';
  if (type === 'string') return 'text';
  return type === 'number' || type === 'boolean' ? type : 'json';
}

/** The line of the names of columns. */
export function headerLine(columns: readonly Column[]): string {
  return line(columns.map(({ header }) => header));
}

/** The line of a row. */
export function csvLine(row: TransferRow, columns: readonly Column[]): string {
  return line(columns.map((column) => cell(row, column)));
}

/** Text that a spreadsheet would take for a formula gets a `'` before it; numbers are left as they are. */
function line(cells: readonly (string | number)[]): string {
  return stringify([cells], { escape_formulas: true });
}

function cell(row: TransferRow, { type, path, keys }: Column): string | number {
  const found = path.reduce<unknown>(
    (at, name) => (typeof at === 'object' && at !== null && Object.hasOwn(at, name) ? Reflect.get(at, name) : undefined),
    row,
  );
  const value = keys === undefined ? found : only(found, keys);
  if (value === undefined || value === null) return '';
  if (typeof value === 'number') return value;
  return type === 'json' ? JSON.stringify(value) : String(value);
}

/** Those members of an object that have one of the names; undefined when none has. */
function only(value: unknown, keys: readonly string[]): object | undefined {
  const members = Object.entries(Object(value)).filter(([key]) => keys.includes(key));
  return members.length === 0 ? undefined : Object.fromEntries(members);
}
