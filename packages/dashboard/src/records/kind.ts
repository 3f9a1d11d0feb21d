import type { Alias, Crosswalk, JsonValue, Organization, User } from '@crosswalk/sdk';
import type { KeysetPage } from '../data/keyset-rows.ts';
import type { IconName } from '../elements/icon.tsx';

/** What organizations and users have in common. */
export type DirectoryRecord = Organization | User;

/** Metadata as it is edited and compared. */
export type Metadata = { [key: string]: JsonValue };

/** The keys of metadata in the order of their names: the server keeps them by length. */
export function entriesByName(metadata: Metadata): [string, JsonValue][] {
  return Object.entries(metadata).sort(([one], [other]) => (one < other ? -1 : 1));
}

/** What has metadata, and versions: an organization, a user, or a membership. */
export interface WithMetadata {
  metadata: Metadata;
  version: number;
  update_time: string;
}

/** What to read of a list: all, those of a condition on metadata, or those that contain a text. */
export interface Wanted {
  filter?: string;
  text?: string;
}

/** A change that both kinds take. Metadata that is given here merges. */
export interface CommonChange {
  external_id?: string | null;
  external_ids?: Record<string, string | null>;
}

interface Options {
  signal?: AbortSignal;
  ifMatch?: number;
}

type PageRequest = { pageSize: number; pageToken?: string };

/** One text that every record of a kind has. */
export interface Field<RecordType> {
  /** as in the API */
  name: string;
  label: string;
  /** empty when the record has none */
  value: (record: RecordType) => string;
  required?: boolean;
  description?: string;
}

/** How the dashboard speaks of and with one kind of record. */
export interface Kind<RecordType extends DirectoryRecord> {
  noun: 'organization' | 'user';
  plural: 'organizations' | 'users';
  /** the page of the table; that of a record is behind it */
  path: string;
  icon: IconName;
  /** what the record is called: a name, or an address */
  nameOf: (record: RecordType) => string;
  fields: Field<RecordType>[];
  page: (crosswalk: Crosswalk, wanted: Wanted, page: PageRequest, options: Options) => Promise<KeysetPage<RecordType>>;
  get: (crosswalk: Crosswalk, id: string, options: Options) => Promise<RecordType>;
  aliases: (crosswalk: Crosswalk, id: string, options: Options) => Promise<Alias[]>;
  update: (crosswalk: Crosswalk, id: string, change: CommonChange, options: Options) => Promise<RecordType>;
  /** Changes `fields`: texts by name, an empty one clears the field. */
  updateFields: (crosswalk: Crosswalk, id: string, values: ReadonlyMap<string, string>, options: Options) => Promise<RecordType>;
  replaceMetadata: (crosswalk: Crosswalk, id: string, metadata: Metadata, options: Options) => Promise<RecordType>;
  revertMetadata: (crosswalk: Crosswalk, id: string, revert: { key: string; version: number }, options: Options) => Promise<RecordType>;
  delete: (crosswalk: Crosswalk, id: string, options: Options) => Promise<void>;
}

interface Answer {
  next_page_token: string;
  total_size: number;
  total_size_is_floor: boolean;
}

/** A page of the API as the tables read it. */
export function keysetPage<Row>(rows: Row[], { next_page_token, total_size, total_size_is_floor }: Answer): KeysetPage<Row> {
  return { rows, nextToken: next_page_token, total: total_size, totalIsFloor: total_size_is_floor };
}

/** Organizations: the customers. */
export const organizations: Kind<Organization> = {
  noun: 'organization',
  plural: 'organizations',
  path: '/organizations',
  icon: 'organization',
  nameOf: ({ display_name: name }) => name,
  fields: [
    { name: 'display_name', label: 'Name', value: ({ display_name: name }) => name, required: true },
    {
      name: 'slug',
      label: 'Slug',
      value: ({ slug }) => slug ?? '',
      description: 'A name for addresses, such as acme: lower-case letters, digits and hyphens; unique.',
    },
    { name: 'region_code', label: 'Region', value: ({ region_code: region }) => region ?? '', description: 'US or EU.' },
    { name: 'logo_url', label: 'Logo', value: ({ logo_url: url }) => url ?? '', description: 'An address with https://.' },
  ],
  page: async ({ organization }, { filter, text }, page, options) => {
    const answer = await (text === undefined
      ? organization.list({ ...page, ...(filter === undefined ? {} : { filter }) }, options)
      : organization.search(text, page, options));
    return keysetPage(answer.organizations, answer);
  },
  get: ({ organization }, id, options) => organization.get(id, options),
  aliases: ({ organization }, id, options) => organization.aliases(id, options),
  update: ({ organization }, id, change, options) => organization.update(id, change, options),
  updateFields: ({ organization }, id, values, options) => organization.update(id, changesOf(values), options),
  replaceMetadata: ({ organization }, id, metadata, options) => organization.replaceMetadata(id, metadata, options),
  revertMetadata: ({ organization }, id, revert, options) => organization.history.revertMetadata(id, revert, options),
  delete: ({ organization }, id, options) => organization.delete(id, options),
};

/** Users: people. */
export const users: Kind<User> = {
  noun: 'user',
  plural: 'users',
  path: '/users',
  icon: 'user',
  nameOf: fullName,
  fields: [
    { name: 'email', label: 'Email', value: ({ email }) => email, required: true },
    { name: 'given_name', label: 'Given name', value: ({ user_profile: { given_name: name } }) => name ?? '' },
    { name: 'family_name', label: 'Family name', value: ({ user_profile: { family_name: name } }) => name ?? '' },
    {
      name: 'name',
      label: 'Whole name',
      value: ({ user_profile: { name } }) => name ?? '',
      description: 'As it should be shown, where that is not given and family name.',
    },
    { name: 'phone_number', label: 'Telephone', value: ({ user_profile: { phone_number: phone } }) => phone ?? '' },
    {
      name: 'locale',
      label: 'Language',
      value: ({ user_profile: { locale } }) => locale ?? '',
      description: 'Such as en-GB.',
    },
  ],
  page: async ({ user }, { filter, text }, page, options) => {
    const answer = await (text === undefined
      ? user.listUsers({ ...page, ...(filter === undefined ? {} : { filter }) }, options)
      : user.search(text, page, options));
    return keysetPage(answer.users, answer);
  },
  get: ({ user }, id, options) => user.getUser(id, options),
  aliases: ({ user }, id, options) => user.aliases(id, options),
  update: ({ user }, id, change, options) => user.updateUser(id, change, options),
  updateFields: ({ user }, id, values, options) => {
    const profile = changesOf(new Map([...values].filter(([name]) => name !== 'email')));
    const email = values.get('email');
    return user.updateUser(id, { ...(email === undefined ? {} : { email }), user_profile: profile }, options);
  },
  replaceMetadata: ({ user }, id, metadata, options) => user.replaceMetadata(id, metadata, options),
  revertMetadata: ({ user }, id, revert, options) => user.history.revertMetadata(id, revert, options),
  delete: ({ user }, id, options) => user.deleteUser(id, options),
};

/** The name of a person, or the address of one whose name is not known. */
export function fullName({ email, user_profile: profile }: User): string {
  const parts = [profile.given_name, profile.family_name].filter((part) => part !== null && part !== undefined && part !== '');
  return profile.name || parts.join(' ') || email;
}

/** What a form says, as a change: an empty text clears the field. */
function changesOf(values: ReadonlyMap<string, string>): Record<string, string | null> {
  return Object.fromEntries([...values].map(([name, text]) => [name, text === '' ? null : text]));
}
