import {
  type ImportOptions,
  importLimits,
  type JsonValue,
  MembershipRow,
  OrganizationRow,
  PermissionRow,
  RoleRow,
  type RowKind,
  RowReference,
  RowSettings,
  UserProfileInput,
  UserRow,
} from '@crosswalk/contract';
import { excerpt } from '../lib/api-error.ts';
import { parseJson } from '../lib/json-scan.ts';
import { forbiddenKeys } from '../metadata/index.ts';
import { fieldMatchedBy, invalidFile } from './import.ts';

/** How the cells of a column are read. */
type CellType = 'text' | 'number' | 'boolean' | 'json' | 'list';

/** A column of a CSV file: where in the row its cells go. */
export interface Column {
  header: string;
  path: string[];
  type: CellType;
}

const schemas = { organization: OrganizationRow, user: UserRow, membership: MembershipRow, role: RoleRow, permission: PermissionRow };

/** Fields whose members are columns: any name, or one of those that are listed. */
const members: Record<string, ReadonlySet<string> | 'any'> = {
  external_ids: 'any',
  metadata: 'any',
  user_profile: new Set(Object.keys(UserProfileInput.properties)),
  settings: new Set(Object.keys(RowSettings.properties)),
  organization: new Set(RowReference.anyOf.flatMap(({ properties }) => Object.keys(properties))),
  user: new Set(RowReference.anyOf.flatMap(({ properties }) => Object.keys(properties))),
};

/** Members that have members of any name themselves. */
const openMembers: Record<string, ReadonlySet<string>> = {
  user_profile: new Set(['metadata', 'custom_attributes']),
  settings: new Set(['user_management', 'session_policy']),
};

/** Fields that are not text, whatever their column says. */
const typed: Record<string, CellType> = {
  default_creator: 'boolean',
  default_member: 'boolean',
  'settings.user_management.max_allowed_users': 'number',
};

/** Fields that are lists of names: their cells have them with `|` between. */
const lists = new Set(['roles', 'permissions', 'user_profile.groups']);

/** Reads the header of a CSV file; 400 INVALID_FILE names the column. */
export function parseHeader(cells: readonly string[], options: Pick<ImportOptions, 'kind' | 'match_by'>): Column[] {
  const { kind } = options;
  const [only = ''] = cells;
  if (cells.length === 1) {
    const separator = [';', '\t'].find((candidate) => only.includes(candidate));
    if (separator !== undefined) {
      const name = separator === ';' ? 'semicolons' : 'tabs';
      throw invalidFile('header', `has ${name} between its columns; save the file with commas`, 'separator');
    }
  }
  if (cells.length > importLimits.columns) {
    throw invalidFile('header', `has ${cells.length} columns; a file may have ${importLimits.columns}`, 'max_columns');
  }
  const columns = cells.map((cell, index) => parseColumn(cell, index, kind));
  const seen = new Set<string>();
  for (const { header, path } of columns) {
    const key = path.join('.');
    if (seen.has(key)) throw invalidFile(excerpt(header), 'is there twice among the columns', 'unique');
    seen.add(key);
  }
  if (kind === null && !seen.has('kind')) {
    throw invalidFile(
      'kind',
      'is missing: add the column, or say what every row is by ?kind=organization, user, membership, role or permission',
      'required',
    );
  }
  for (const need of kind === null ? [] : required[kind]) {
    if (![...seen].some((path) => path === need || path.startsWith(`${need}.`))) {
      throw invalidFile(
        need,
        `is missing: a ${kind} has ${need === 'name' ? 'the column name' : `a column such as ${need}.external_id`}`,
        'required',
      );
    }
  }
  const match = kind === 'organization' || kind === 'user' ? fieldMatchedBy(options) : undefined;
  // One of its members is a column, or all of them together are one of JSON; rows may name their records by `id` instead.
  if (match !== undefined && ![match, match.replace(/\..*/s, ''), 'id'].some((path) => seen.has(path))) {
    throw invalidFile(match, 'is missing: it is what the import matches by; add the column, or choose another match_by', 'required');
  }
  return columns;
}

const required: Record<RowKind, string[]> = {
  organization: [],
  user: [],
  membership: ['organization', 'user'],
  role: ['name'],
  permission: ['name'],
};

function parseColumn(cell: string, index: number, kind: ImportOptions['kind']): Column {
  const header = cell.trim();
  if (header === '') throw invalidFile(`column ${index + 1}`, 'has no header', 'required');
  const [, name = header, typeName] = /^(.*?)(?::(text|number|boolean|json))?$/s.exec(header) ?? [];
  const path = name.split('.');
  const roots = new Set((kind === null ? Object.values(schemas) : [schemas[kind]]).flatMap(({ properties }) => Object.keys(properties)));
  if (!isKnownPath(path, roots, typeName)) throw invalidFile(excerpt(header), unknownColumn(header, roots), 'unknown_column');
  const isList = lists.has(name) && typeName === undefined;
  return { header, path, type: isList ? 'list' : typeName === undefined ? (typed[name] ?? 'text') : toType(typeName) };
}

/**
 * Whether there is a field at a path that begins with one of `roots`. One that has members is a column as a whole only as JSON. An organization
 * and a user are references in a membership or a role, and nothing elsewhere: `roots` tells.
 */
function isKnownPath(path: readonly string[], roots: ReadonlySet<string>, typeName: string | undefined): boolean {
  const [root = '', member, ...rest] = path;
  if (!roots.has(root) || path.some((step) => forbiddenKeys.has(step) || step === '')) return false;
  const allowed = members[root];
  if (member === undefined) return allowed === undefined || typeName === 'json';
  if (allowed === 'any') return root === 'metadata' || rest.length === 0;
  if (allowed?.has(member) !== true) return false;
  return rest.length === 0 || openMembers[root]?.has(member) === true;
}

function toType(name: string | undefined): CellType {
  return name === 'number' || name === 'boolean' || name === 'json' ? name : 'text';
}

function unknownColumn(header: string, roots: ReadonlySet<string>): string {
  const near = header.toLowerCase().replace(/[\s-]+/g, '_');
  if (near !== header && roots.has(near.split(/[.:]/)[0] ?? '')) return `is no column; write ${excerpt(near)}`;
  return `is no column: there are ${[...roots].join(', ')}, and members such as metadata.plan; fields of your own are metadata.NAME`;
}

/** A cell that cannot be read as its column says. */
export class CellError extends Error {
  readonly field: string;

  constructor({ path }: Column, message: string) {
    super(message);
    this.field = path.join('.');
  }
}

/** The row of a line; empty cells say nothing. Throws a `CellError`. */
export function rowOf(
  columns: readonly Column[],
  cells: readonly string[],
  { kind, unescape_formulas: isEscaped }: ImportOptions,
): JsonValue {
  const row: { [key: string]: JsonValue } = kind === null ? {} : { kind };
  columns.forEach((column, index) => {
    const cell = cells[index] ?? '';
    if (cell === '') return;
    set(row, column, cellValue(column, isEscaped && /^'[=+\-@\t\r＝＋－＠]/.test(cell) ? cell.slice(1) : cell));
  });
  return row;
}

function set(row: { [key: string]: JsonValue }, column: Column, value: JsonValue): void {
  let target = row;
  for (const step of column.path.slice(0, -1)) {
    const member = Object.hasOwn(target, step) ? target[step] : undefined;
    if (member === undefined) {
      const made = {};
      target[step] = made;
      target = made;
    } else if (typeof member === 'object' && member !== null && !Array.isArray(member)) target = member;
    else throw new CellError(column, `another column has a value for ${step} as a whole`);
  }
  target[column.path.at(-1) ?? ''] = value;
}

function cellValue(column: Column, cell: string): JsonValue {
  switch (column.type) {
    case 'number': {
      if (!/^-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?$/.test(cell.trim()))
        throw new CellError(column, `${excerpt(cell)} is no number; write it like 150000 or 0.5`);
      return json(column, cell.trim());
    }
    case 'boolean': {
      const word = cell.trim().toLowerCase();
      if (word !== 'true' && word !== 'false') throw new CellError(column, `${excerpt(cell)} is neither true nor false`);
      return word === 'true';
    }
    case 'json':
      return json(column, cell);
    case 'list':
      return cell.split('|').map((item) => item.trim());
    case 'text':
      return cell;
  }
}

function json(column: Column, cell: string): JsonValue {
  try {
    // What parseJson gives is JSON.
    return parseJson(cell) as JsonValue;
  } catch (error) {
    const reason = error instanceof Error ? error.message.replace(/^the body /, '') : '';
    throw new CellError(column, `cannot be read as its column says: ${reason}`);
  }
}
