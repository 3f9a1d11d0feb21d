import type { User } from '@crosswalk/sdk';
import type { Command } from 'commander';
import type { Cli } from './cli.ts';
import { printUser, printUserLine } from './print.ts';
import { unchecked } from './record-input.ts';
import { addRecordCommands, type Noun } from './records.ts';

const users: Noun<User> = {
  name: 'user',
  one: 'a user',
  hasEmail: true,
  deletes: 'with their memberships',
  chief: '--email',
  keys: [
    { flag: '--external-id', path: ['external_id'], description: 'your own ID of them' },
    { flag: '--email', path: ['email'], description: 'their address' },
  ],
  fields: [
    { flag: '--name', path: ['user_profile', 'name'], description: 'the whole name as it should be shown' },
    { flag: '--given-name', path: ['user_profile', 'given_name'], description: 'given (first) name' },
    { flag: '--family-name', path: ['user_profile', 'family_name'], description: 'family (last) name' },
    { flag: '--phone', path: ['user_profile', 'phone_number'], description: 'telephone number' },
    { flag: '--locale', path: ['user_profile', 'locale'], description: 'language tag such as en-GB' },
  ],
  print: printUser,
  printLine: printUserLine,
  calls: ({ user }) => ({
    get: (id) => user.getUser(id),
    getByExternalId: (externalId, options) => user.getByExternalId(externalId, options),
    getByEmail: (email) => user.getByEmail(email),
    list: async ({ search, ...query }, signal) => {
      const options = signal === undefined ? {} : { signal };
      const page = await (search === undefined ? user.listUsers(query, options) : user.search(search, query, options));
      return { items: page.users, next: page.next_page_token };
    },
    create: (body) => user.createUser(unchecked(body)),
    update: (id, body, options) => user.updateUser(id, unchecked(body), options),
    updateByExternalId: (externalId, body, options) => user.updateByExternalId(externalId, unchecked(body), options),
    upsert: async (externalId, body, options) => {
      const { user: record, created } = await user.upsertByExternalId(externalId, unchecked(body), options);
      return { record, created };
    },
    delete: (id, options) => user.deleteUser(id, options),
    deleteByExternalId: (externalId, options) => user.deleteByExternalId(externalId, options),
  }),
};

/** Adds the commands of users. */
export function addUsers(cli: Cli, parent: Command): void {
  addRecordCommands(cli, parent, users);
}
