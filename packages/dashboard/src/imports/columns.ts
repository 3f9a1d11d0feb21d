import type { ImportPreset, MappingOptions, RowKind } from '@crosswalk/sdk';

/** A type that cells of metadata are read as. */
export type CellType = 'text' | 'number' | 'boolean' | 'json';

/** What a column of the file becomes: a field of the rows, an ID in a system, a key of metadata; or nothing. */
export interface ColumnTarget {
  /** a field such as `display_name`, or one of the three below */
  field: string;
  /** the system of `external_ids`, the key of `metadata` */
  name: string;
  /** of `metadata` */
  type: CellType;
}

/** Fields that ask for a name, and the field that takes nothing. */
export const [systemField, metadataField, nowhere] = ['external_ids', 'metadata', ''] as const;

/** The kinds of rows that a file with columns of its own can be. */
export type MappedKind = Extract<RowKind, 'organization' | 'user' | 'membership'>;

/** Fields of each kind of row, as they are chosen: what the row is found by comes first. */
export const fieldsOf: Record<MappedKind, { field: string; label: string }[]> = {
  organization: [
    { field: 'external_id', label: 'External ID' },
    { field: systemField, label: 'ID in a system…' },
    { field: 'display_name', label: 'Name' },
    { field: metadataField, label: 'Metadata…' },
    { field: 'slug', label: 'Slug' },
    { field: 'region_code', label: 'Region' },
    { field: 'logo_url', label: 'Logo' },
    { field: 'id', label: 'Crosswalk ID' },
  ],
  user: [
    { field: 'external_id', label: 'External ID' },
    { field: systemField, label: 'ID in a system…' },
    { field: 'email', label: 'Email' },
    { field: 'user_profile.given_name', label: 'Given name' },
    { field: 'user_profile.family_name', label: 'Family name' },
    { field: 'user_profile.name', label: 'Whole name' },
    { field: metadataField, label: 'Metadata…' },
    { field: 'user_profile.phone_number', label: 'Telephone' },
    { field: 'user_profile.locale', label: 'Language' },
    { field: 'id', label: 'Crosswalk ID' },
  ],
  membership: [
    { field: 'organization.external_id', label: 'External ID of the organization' },
    { field: 'user.external_id', label: 'External ID of the user' },
    { field: 'user.email', label: 'Email of the user' },
    { field: 'roles', label: 'Roles' },
    { field: 'membership_status', label: 'Status' },
    { field: metadataField, label: 'Metadata…' },
  ],
};

/** What a column is, as the columns of an import are named: `metadata.quota:number`; undefined when it goes nowhere. */
function fieldName({ field, name, type }: ColumnTarget): string | undefined {
  if (field === nowhere) return undefined;
  if (field === systemField) return name.trim() === '' ? undefined : `external_ids.${name.trim()}`;
  if (field !== metadataField) return field;
  return name.trim() === '' ? undefined : `metadata.${name.trim()}${type === 'text' ? '' : `:${type}`}`;
}

/** The mapping of columns by hand. Columns that become the same field stand in for one another: the first with a value counts. */
export function mappingOf(kind: RowKind, header: readonly string[], targets: readonly ColumnTarget[]): MappingOptions {
  const map: Record<string, string> = {};
  for (const [index, target] of targets.entries()) {
    const name = fieldName(target);
    const column = header[index] ?? '';
    // Columns are found by name: of two with one name the first is read.
    if (name === undefined || column === '' || header.indexOf(column) !== index) continue;
    map[name] = map[name] === undefined ? column : `${map[name]}|${column}`;
  }
  return { kind, map };
}

/** What each column of a file becomes by what is known of a system's export: the names of fields, none where it is not used. */
export function presetFields(header: readonly string[], { rows, metadata }: ImportPreset): string[][] {
  const places = new Map<string, number>();
  for (const [index, name] of header.entries()) if (!places.has(normal(name))) places.set(normal(name), index);
  const found: string[][] = header.map(() => []);
  for (const { columns } of rows) {
    for (const [field, names] of Object.entries(columns)) {
      for (const name of names) {
        const index = places.get(normal(name));
        if (index !== undefined && found[index]?.includes(field) === false) found[index].push(field);
      }
    }
  }
  for (const [index, name] of header.entries()) {
    const key = metadata?.exec(name)?.[1];
    if (key !== undefined) found[index]?.push(`metadata.${key}`);
  }
  return found;
}

/** A name without regard to case, spaces and punctuation. */
export function normal(name: string): string {
  return name.toLowerCase().replace(/[^\p{L}\p{N}]+/gu, '');
}
