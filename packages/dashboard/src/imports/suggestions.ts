import { type CsvRecord, type ImportPreset, type ImportPresetName, importPresets } from '@crosswalk/sdk';
import {
  type CellType,
  type ColumnTarget,
  fieldsOf,
  type MappedKind,
  metadataField,
  normal,
  nowhere,
  presetFields,
  systemField,
} from './columns.ts';

/** Names that columns have in files of all sorts, without regard to case, spaces and punctuation. */
const known: Record<MappedKind, Record<string, string[]>> = {
  organization: {
    external_id: [
      'externalid',
      'id',
      'customerid',
      'customernumber',
      'customerno',
      'accountid',
      'accountnumber',
      'organizationid',
      'orgid',
      'companyid',
      'tenantid',
      'key',
    ],
    display_name: [
      'displayname',
      'name',
      'company',
      'companyname',
      'organization',
      'organizationname',
      'accountname',
      'customer',
      'customername',
      'account',
    ],
    slug: ['slug'],
    region_code: ['region', 'regioncode'],
    logo_url: ['logo', 'logourl'],
  },
  user: {
    external_id: ['externalid', 'id', 'userid', 'employeeid', 'employeenumber', 'personid', 'number', 'key'],
    email: ['email', 'emailaddress', 'mail', 'workemail', 'workmail', 'primaryemail', 'useremail'],
    'user_profile.given_name': ['givenname', 'firstname', 'forename'],
    'user_profile.family_name': ['familyname', 'lastname', 'surname'],
    'user_profile.name': ['name', 'fullname', 'displayname'],
    'user_profile.phone_number': ['phone', 'phonenumber', 'telephone', 'mobile'],
    'user_profile.locale': ['locale', 'language'],
  },
  membership: {
    'organization.external_id': ['organizationexternalid', 'organizationid', 'orgid', 'accountid', 'companyid', 'customerid', 'tenantid'],
    'user.external_id': ['userexternalid', 'userid', 'personid', 'employeeid', 'contactid', 'externalid'],
    'user.email': ['useremail', 'email', 'mail', 'emailaddress'],
    roles: ['roles', 'role', 'rolename'],
    membership_status: ['membershipstatus', 'status'],
  },
};

/** What each column probably becomes, by its name and its first values. What is not recognised becomes metadata. */
export function suggestTargets(
  kind: MappedKind,
  header: readonly string[],
  records: readonly CsvRecord[],
  systems: readonly string[],
): ColumnTarget[] {
  const taken = new Set<string>();
  return header.map((column, index) => {
    const values = records.map(({ cells }) => cells[index] ?? '').filter((cell) => cell.trim() !== '');
    const target = suggestion(kind, column, values, systems);
    const once = target.field !== metadataField && target.field !== systemField;
    // Two columns for one field are a person's decision.
    if (once && taken.has(target.field)) return { field: metadataField, name: keyOf(column), type: typeOf(values) };
    taken.add(target.field);
    return target;
  });
}

function suggestion(kind: MappedKind, column: string, values: readonly string[], systems: readonly string[]): ColumnTarget {
  const name = column.trim();
  if (name === '') return { field: nowhere, name: '', type: 'text' };
  const [, key, type] = /^metadata\.(.+?)(?::(text|number|boolean|json))?$/s.exec(name) ?? [];
  if (key !== undefined) return { field: metadataField, name: key, type: cellTypes.find((one) => one === type) ?? 'text' };
  const [, system] = /^external_ids\.(.+)$/.exec(name) ?? [];
  if (system !== undefined && kind !== 'membership') return { field: systemField, name: system, type: 'text' };
  if (fieldsOf[kind].some(({ field }) => field === name && field !== 'id')) return { field: name, name: '', type: 'text' };
  const bare = normal(name);
  const inSystem = [...systems, ...wellKnown].find(
    (one) => bare.startsWith(normal(one)) && /id|key|number|^$/.test(bare.slice(normal(one).length)),
  );
  if (inSystem !== undefined && kind !== 'membership') return { field: systemField, name: inSystem, type: 'text' };
  const field = Object.entries(known[kind]).find(([, names]) => names.includes(bare))?.[0];
  if (field !== undefined) return { field, name: '', type: 'text' };
  return { field: metadataField, name: keyOf(name), type: typeOf(values) };
}

/** Systems whose columns are recognised before any record has an ID of theirs. */
const wellKnown = ['stripe', 'salesforce', 'hubspot', 'workday', 'zendesk', 'intercom'];

const cellTypes: readonly CellType[] = ['text', 'number', 'boolean', 'json'];

/** A key of metadata for a column: `Seats (paid)` becomes `seats_paid`. */
export function keyOf(column: string): string {
  const key = column
    .normalize('NFC')
    .toLowerCase()
    .replace(/[^\p{L}\p{N}]+/gu, '_')
    .replace(/^_+|_+$/g, '');
  return [...key].slice(0, 64).join('');
}

/** The type that all values have. Numbers with leading zeros are none: 00501 is a postal code. */
export function typeOf(values: readonly string[]): CellType {
  if (values.length === 0) return 'text';
  if (values.every((value) => /^-?(?:0|[1-9][0-9]{0,14})(?:\.[0-9]{1,6})?$/.test(value.trim()))) return 'number';
  if (values.every((value) => /^(?:true|false)$/i.test(value.trim()))) return 'boolean';
  return values.every((value) => /^[[{]/.test(value.trim()) && isJson(value)) ? 'json' : 'text';
}

/** The one cell that makes a column text. */
export interface StrayCell {
  line: number;
  cell: string;
  /** what all others are */
  type: CellType;
}

/** Values beside one that is otherwise, which make it the exception. */
const fewest = 2;

/** The only cell of a column that is not of the type that all others have; undefined where there is none, or several. */
export function strayCellOf(records: readonly CsvRecord[], index: number): StrayCell | undefined {
  const values = records.flatMap(({ line, cells }) => {
    const cell = cells[index] ?? '';
    return cell.trim() === '' ? [] : [{ line, cell }];
  });
  if (values.length <= fewest || typeOf(values.map(({ cell }) => cell)) !== 'text') return undefined;
  for (const type of cellTypes) {
    const [stray, ...more] = values.filter(({ cell }) => typeOf([cell]) !== type);
    if (stray !== undefined && more.length === 0 && type !== 'text') return { ...stray, type };
  }
  return undefined;
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

/** The kind that a file probably has: people have addresses. */
export function suggestKind(header: readonly string[]): MappedKind {
  const names = header.map(normal);
  const has = (list: string[] | undefined) => names.some((name) => list?.includes(name));
  if (names.includes('organizationexternalid') && (names.includes('userexternalid') || names.includes('useremail'))) return 'membership';
  return has(known.user.email) && !has(known.organization.display_name?.slice(2)) ? 'user' : 'organization';
}

/** The export of a well-known system that a file is, when most of what that has is there, the ID before all. */
export function suggestPreset(header: readonly string[]): ImportPresetName | undefined {
  let best: { name: ImportPresetName; share: number } | undefined;
  for (const name of presetNames) {
    const preset: ImportPreset = importPresets[name];
    const fields = new Set(presetFields(header, preset).flat());
    const wanted = Object.keys(preset.rows[0].columns);
    const share = wanted.filter((field) => fields.has(field)).length / wanted.length;
    if (fields.has(`external_ids.${preset.system}`) && share > 0.6 && share > (best?.share ?? 0)) best = { name, share };
  }
  return best?.name;
}

/** The exports that are known. */
export const presetNames: readonly ImportPresetName[] = [
  'stripe-customers',
  'salesforce-accounts',
  'salesforce-contacts',
  'hubspot-companies',
  'workday-workers',
];
