import { expect, test } from 'vitest';
import { ColumnMapping, type MappingOptions } from './column-mapping.ts';
import { importPresets } from './import-presets.ts';

/** The rows that a record gives: the fields that have a value. */
function rows(header: string, options: MappingOptions, record: string): Record<string, string>[] {
  const mapping = new ColumnMapping(header.split(','), options);
  return mapping
    .recordsOf(record.split(','))
    .map((cells) => Object.fromEntries(mapping.header.flatMap((field, index) => (cells[index] ? [[field, cells[index]]] : []))));
}

test('a field takes the first of its columns that has a value; other columns are named as unused', () => {
  const options: MappingOptions = {
    kind: 'user',
    map: { email: 'Work mail|Private mail', 'metadata.quota:number': 'Quota' },
    set: { 'metadata.from': 'hr' },
  };
  expect(rows('Quota,Work mail,Private mail', options, '5,,ada@home.example')).toEqual([
    { kind: 'user', email: 'ada@home.example', 'metadata.quota:number': '5', 'metadata.from': 'hr' },
  ]);
  expect(new ColumnMapping(['Quota', 'Work mail', 'Private mail', 'Shoe size'], options).unused).toEqual(['Shoe size']);
});

test('a column whose own name has a | in it is that column', () => {
  expect(rows('a|b,a', { kind: 'organization', map: { external_id: 'a|b' } }, '1,2')).toEqual([{ kind: 'organization', external_id: '1' }]);
});

test('cells are taken as they are; one of spaces is empty', () => {
  const options: MappingOptions = { kind: 'organization', map: { external_id: 'Id', display_name: 'Name' } };
  expect(rows('Id,Name', options, ' 7 ,  ')).toEqual([{ kind: 'organization', external_id: ' 7 ' }]);
});

test('names of the exports of known systems are found in any spelling', () => {
  const preset = importPresets['salesforce-contacts'];
  const expected = [
    { kind: 'user', 'external_ids.salesforce': '003', email: 'ada@acme.example', 'user_profile.family_name': 'Lovelace' },
    {
      kind: 'membership',
      'organization.external_id': '001',
      'organization.system': 'salesforce',
      'user.external_id': '003',
      'user.system': 'salesforce',
    },
  ];
  expect(rows('Id,LastName,Email,AccountId', { preset }, '003,Lovelace,ada@acme.example,001')).toEqual(expected);
  expect(rows('CONTACT_ID,Last Name,email,Account ID', { preset }, '003,Lovelace,ada@acme.example,001')).toEqual(expected);
});

test('a contact without an account becomes no member', () => {
  expect(rows('Id,Email,AccountId', { preset: importPresets['salesforce-contacts'] }, '003,ada@acme.example,')).toEqual([
    { kind: 'user', 'external_ids.salesforce': '003', email: 'ada@acme.example' },
  ]);
});

test("columns of Stripe's own metadata are metadata; what the caller maps goes before the preset", () => {
  const options: MappingOptions = {
    preset: importPresets['stripe-customers'],
    map: { display_name: 'Description', external_id: 'number (metadata)' },
  };
  expect(rows('id,Name,Description,number (metadata)', options, 'cus_1,Ada,Acme,C-1')).toEqual([
    { kind: 'organization', 'external_ids.stripe': 'cus_1', display_name: 'Acme', external_id: 'C-1', 'metadata.number': 'C-1' },
  ]);
});

test('users become members of one organization, named by what the file has of them', () => {
  const organization = { externalId: 'CUST-1', system: 'crm' };
  const membership = { kind: 'membership', 'organization.external_id': 'CUST-1', 'organization.system': 'crm' };
  expect(rows('Mail,Role', { kind: 'user', organization, map: { email: 'Mail' } }, 'a@b.example,x')[1]).toEqual({
    ...membership,
    'user.email': 'a@b.example',
  });
  const workers = { preset: importPresets['workday-workers'], organization, set: { roles: 'member' } };
  expect(rows('Employee_ID,Email', workers, '7,a@b.example')[1]).toEqual({
    ...membership,
    'user.external_id': '7',
    'user.system': 'workday',
    roles: 'member',
  });
});

test('without a map the columns have the names of fields already', () => {
  const options: MappingOptions = { kind: 'user', set: { 'metadata.from': 'hr' }, organization: { externalId: 'CUST-1' } };
  expect(rows('external_id,metadata.quota:number,metadata.from', options, '7,5,crm')).toEqual([
    { kind: 'user', external_id: '7', 'metadata.quota:number': '5', 'metadata.from': 'hr' },
    { kind: 'membership', 'organization.external_id': 'CUST-1', 'user.external_id': '7' },
  ]);
});

test('a membership is of the user that its line is matched to', () => {
  const preset = importPresets['salesforce-contacts'];
  const header = 'Id,LastName,Email,AccountId';
  expect(rows(header, { preset, matchBy: 'email' }, '003,Lovelace,ada@acme.example,001')[1]).toEqual({
    kind: 'membership',
    'organization.external_id': '001',
    'organization.system': 'salesforce',
    'user.email': 'ada@acme.example',
  });
});

test.each([
  ['two columns of one name', 'email,email', { kind: 'user', set: { roles: 'admin' } }, 'the file has two columns email'],
  ['a column without a name', 'email,', { kind: 'user', set: { roles: 'admin' } }, 'column 2 has no name'],
  [
    'a match by what no column has',
    'Id',
    { kind: 'user', map: { external_id: 'Id' }, matchBy: 'stripe' },
    'nothing becomes external_ids.stripe',
  ],
  [
    'a match of organizations by address',
    'Id',
    { kind: 'organization', map: { external_id: 'Id' }, matchBy: 'email' },
    'organizations have no address',
  ],
  [
    'a column that is not there',
    'Id,Name',
    { kind: 'organization', map: { external_id: 'ID number' } },
    'no column ID number, which the field external_id is to come from: it has Id, Name',
  ],
  ['a file of another system', 'foo,bar', { preset: importPresets['hubspot-companies'] }, 'none of the columns Record ID'],
  ['rows of no kind', 'Id', {}, 'kind of the rows is missing'],
  [
    'members that nothing names',
    'Dept',
    { kind: 'user', organization: { externalId: '1' }, map: { 'metadata.d': 'Dept' } },
    'nothing names the users',
  ],
  [
    'organizations as members',
    'Id',
    { kind: 'organization', organization: { externalId: '1' }, map: { external_id: 'Id' } },
    'only users become members',
  ],
] satisfies [string, string, MappingOptions, string][])('%s is refused with a message that says so', (_name, header, options, message) => {
  expect(() => new ColumnMapping(header.split(','), options)).toThrow(message);
});
