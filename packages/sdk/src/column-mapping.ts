import type { RowKind } from '@crosswalk/contract';
import type { ImportPreset, RowTemplate } from './import-presets.ts';

/** How the columns of somebody else's file become columns of an import. */
export interface MappingOptions {
  /** what is known of the file of a well-known system */
  preset?: ImportPreset;
  /** the kind of the rows, without a preset */
  kind?: RowKind;
  /**
   * Field of the row, as a column of an import is named (`metadata.quota:number`), to a column of the file, or to several with `|` between,
   * of which the first that has a value counts. Goes before what the preset says of the field. Left out without a preset: the columns of the
   * file have the names of fields already.
   */
  map?: Record<string, string>;
  /** fields that are the same in every row */
  set?: Record<string, string>;
  /** every user becomes a member of this organization */
  organization?: { externalId: string; system?: string };
  /** what the import matches users and organizations by, so that a membership is of the user that its line is matched to; default `any` */
  matchBy?: string;
}

/** What a mapping cannot be made of; the message names the column or the field. */
export class MappingError extends Error {}

/** A template whose columns were found. */
interface Row {
  kind: RowKind;
  /** by field: the columns of the file, or a text that is the same in every row */
  cells: Map<string, readonly number[] | string>;
  needs: readonly string[];
}

/** Makes the rows of an import, as records of CSV, of the records of a file with other columns. */
export class ColumnMapping {
  /** the header of what is made */
  readonly header: readonly string[];
  /** how many columns the file has */
  readonly columnCount: number;
  /** columns of the file that go nowhere */
  readonly unused: readonly string[];
  /** the most rows that one record gives */
  readonly rowsPerRecord: number;
  readonly #rows: readonly Row[];

  /** `header` names the columns of the file. Throws a `MappingError`. */
  constructor(header: readonly string[], options: MappingOptions) {
    const columns = new Columns(header);
    this.#rows = templatesOf(columns, options).map((template) => columns.bind(template));
    this.columnCount = header.length;
    this.rowsPerRecord = this.#rows.length;
    this.header = ['kind', ...new Set(this.#rows.flatMap(({ cells }) => [...cells.keys()]))];
    this.unused = columns.unused;
  }

  /** The records that a record of the file gives. */
  recordsOf(cells: readonly string[]): string[][] {
    return this.#rows.flatMap((row) => {
      const cellOf = (field: string) => valueIn(cells, row.cells.get(field));
      if (row.needs.some((field) => cellOf(field) === '')) return [];
      return [this.header.map((field) => (field === 'kind' ? row.kind : cellOf(field)))];
    });
  }
}

function valueIn(cells: readonly string[], from: readonly number[] | string | undefined): string {
  if (from === undefined || typeof from === 'string') return from ?? '';
  for (const index of from) {
    const cell = cells[index] ?? '';
    if (cell.trim() !== '') return cell;
  }
  return '';
}

/** A template that a mapping has a hand in. */
interface Draft extends RowTemplate {
  columns: Record<string, readonly string[]>;
  fixed: Record<string, string>;
  needs: readonly string[];
  /** fields whose columns must be in the file: the caller named them */
  wanted: ReadonlySet<string>;
}

function templatesOf(columns: Columns, { preset, kind, map, set = {}, organization, matchBy = 'any' }: MappingOptions): Draft[] {
  if (preset === undefined && kind === undefined)
    throw new MappingError('the kind of the rows is missing: organization, user, membership, role or permission');
  const given: readonly RowTemplate[] = preset?.rows ?? [
    { kind: kind ?? 'organization', columns: map === undefined ? columns.asTheyAre() : {} },
  ];
  const templates = given.map((template): Draft => ({ fixed: {}, needs: [], ...template, wanted: new Set() }));
  const [first] = templates;
  if (first === undefined) return [];
  if (preset?.metadata !== undefined) first.columns = { ...metadataColumns(columns.names, preset.metadata), ...first.columns };
  if (organization !== undefined && first.kind === 'user') {
    const others = templates.filter((template) => template.kind !== 'membership');
    const { externalId, system } = organization;
    const fixed = { 'organization.external_id': externalId, ...(system === undefined ? {} : { 'organization.system': system }) };
    templates.splice(0, templates.length, ...others, { kind: 'membership', columns: {}, fixed, needs: [], wanted: new Set() });
  } else if (organization !== undefined) {
    throw new MappingError(`only users become members of an organization, not rows of the kind ${first.kind}`);
  }
  const homeOf = (field: string) => templates.find((template) => owns(template.kind, field) && template !== first) ?? first;
  for (const [field, names] of Object.entries(map ?? {})) {
    const home = homeOf(field);
    removeField(home, field);
    home.columns = { ...home.columns, [field]: columns.alternatives(names) };
    home.wanted = new Set([...home.wanted, field]);
  }
  for (const [field, value] of Object.entries(set)) {
    const home = homeOf(field);
    removeField(home, field);
    home.fixed = { ...home.fixed, [field]: value };
  }
  const match = matchBy === 'any' ? undefined : fieldMatchedBy(matchBy);
  if (match !== undefined) requireField(first, match);
  const member = first.kind === 'user' ? templates.find((template) => template.kind === 'membership') : undefined;
  const isNamed = member === undefined || [...member.wanted].some((field) => field.startsWith('user.'));
  if (!isNamed && (organization !== undefined || match !== undefined)) nameUser(member, first, match);
  return templates;
}

/** The field that an import matches by alone. */
function fieldMatchedBy(matchBy: string): string {
  return matchBy === 'external_id' || matchBy === 'email' ? matchBy : `external_ids.${matchBy}`;
}

/** Refuses a template none of whose rows could be matched. */
function requireField({ kind, columns, fixed }: Draft, match: string): void {
  if (kind !== 'organization' && kind !== 'user') return;
  if (kind === 'organization' && match === 'email')
    throw new MappingError('organizations have no address to match by: match them by external_id or the name of a system');
  if (![...Object.keys(columns), ...Object.keys(fixed)].some((field) => [match, 'id'].includes(pathOf(field))))
    throw new MappingError(`nothing becomes ${match}, which the import matches by: map a column to it`);
}

/** A field is set once: what came before gives way, whatever its type is. */
function removeField(template: Draft, field: string): void {
  const path = pathOf(field);
  const others = <Value>(fields: Record<string, Value>) =>
    Object.fromEntries(Object.entries(fields).filter(([name]) => pathOf(name) !== path));
  template.columns = others(template.columns);
  template.fixed = others(template.fixed);
}

/** `metadata.quota` of `metadata.quota:number`. */
function pathOf(field: string): string {
  return field.replace(/:(?:text|number|boolean|json)$/, '');
}

/** Fields that only a membership has. */
function owns(kind: RowKind, field: string): boolean {
  return kind === 'membership' && /^(?:organization|user)\.|^(?:roles|membership_status|inviter_email)$/.test(field);
}

/** The membership is of the user of the same record: of the one that `match` leads to, where it alone does. */
function nameUser(membership: Draft, user: Draft, match: string | undefined): void {
  const known = ['external_id', ...Object.keys(user.columns).filter((field) => field.startsWith('external_ids.')), 'email'];
  const key = (match === undefined ? known : [match]).find((field) => user.columns[field] !== undefined);
  const from = key === undefined ? undefined : user.columns[key];
  if (key === undefined || from === undefined)
    throw new MappingError(`nothing names the users: map ${match ?? 'external_id, external_ids.SYSTEM or email'}`);
  for (const field of ['user.external_id', 'user.system', 'user.email']) removeField(membership, field);
  const [, system] = /^external_ids\.(.+)$/.exec(key) ?? [];
  membership.columns = { ...membership.columns, [key === 'email' ? 'user.email' : 'user.external_id']: from };
  if (system !== undefined) membership.fixed = { ...membership.fixed, 'user.system': system };
}

function metadataColumns(names: readonly string[], pattern: RegExp): Record<string, string[]> {
  return Object.fromEntries(
    names.flatMap((name) => {
      const key = pattern.exec(name)?.[1];
      return key === undefined ? [] : [[`metadata.${key}`, [name]]];
    }),
  );
}

/** The columns of a file, found by name. */
class Columns {
  readonly names: readonly string[];
  readonly #used = new Set<number>();
  /** by name; the first of several */
  readonly #exact = new Map<string, number>();
  /** by name without regard to case, spaces and punctuation */
  readonly #near = new Map<string, number>();

  constructor(header: readonly string[]) {
    this.names = header.map((name) => name.trim());
    for (const [index, name] of this.names.entries()) {
      if (!this.#exact.has(name)) this.#exact.set(name, index);
      if (!this.#near.has(normal(name))) this.#near.set(normal(name), index);
    }
  }

  get unused(): string[] {
    return this.names.filter((name, index) => name !== '' && !this.#used.has(index));
  }

  /** Each column as the field whose name it has. Throws a `MappingError` where that says nothing, or two things. */
  asTheyAre(): Record<string, string[]> {
    for (const [index, name] of this.names.entries()) {
      if (name === '') throw new MappingError(`column ${index + 1} has no name`);
      if (this.#exact.get(name) !== index) throw new MappingError(`the file has two columns ${name}`);
      if (name === 'kind') throw new MappingError('the file has a column kind of its own: take it out, or map the columns that count');
    }
    return Object.fromEntries(this.names.map((name) => [name, [name]]));
  }

  /** The names in a text: one column, or several with `|` between. */
  alternatives(text: string): string[] {
    return this.#exact.has(text) ? [text] : text.split('|').map((name) => name.trim());
  }

  /** Finds the columns of a template. A field of which none is there is left out, unless the caller named it. */
  bind({ kind, columns, fixed, needs, wanted }: Draft): Row {
    const found = Object.entries(columns).map(([field, names]): [string, number[]] => [field, this.#find(field, names, wanted.has(field))]);
    const cells = new Map<string, readonly number[] | string>([
      ...found.filter(([, indexes]) => indexes.length > 0),
      ...Object.entries(fixed),
    ]);
    if (found.length > 0 && found.every(([, indexes]) => indexes.length === 0))
      throw new MappingError(
        `the file has none of the columns ${Object.values(columns).flat().join(', ')}: it has ${this.names.join(', ')}`,
      );
    for (const [, indexes] of found) for (const index of indexes) this.#used.add(index);
    return { kind, cells, needs };
  }

  #find(field: string, names: readonly string[], isWanted: boolean): number[] {
    return names.flatMap((name) => {
      const index = this.#exact.get(name) ?? this.#near.get(normal(name));
      if (index === undefined && isWanted)
        throw new MappingError(`the file has no column ${name}, which the field ${field} is to come from: it has ${this.names.join(', ')}`);
      return index === undefined ? [] : [index];
    });
  }
}

function normal(name: string): string {
  return name.toLowerCase().replace(/[^\p{L}\p{N}]+/gu, '');
}
