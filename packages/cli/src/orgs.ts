import type { Organization } from '@crosswalk/sdk';
import type { Command } from 'commander';
import type { Cli } from './cli.ts';
import { printOrganization, printOrganizationLine } from './print.ts';
import { unchecked } from './record-input.ts';
import { addRecordCommands, type Noun } from './records.ts';

const organizations: Noun<Organization> = {
  name: 'organization',
  one: 'an organization',
  hasEmail: false,
  deletes: 'with its memberships and domains',
  chief: '--name',
  keys: [{ flag: '--external-id', path: ['external_id'], description: 'your own ID of it' }],
  fields: [
    { flag: '--name', path: ['display_name'], description: 'the name people see' },
    { flag: '--slug', path: ['slug'], description: 'a DNS-like name, unique in the environment' },
    { flag: '--region', path: ['region_code'], description: 'US or EU' },
    { flag: '--logo-url', path: ['logo_url'], description: 'address of a logo' },
  ],
  print: printOrganization,
  printLine: printOrganizationLine,
  calls: ({ organization }) => ({
    get: (id) => organization.get(id),
    getByExternalId: (externalId, options) => organization.getByExternalId(externalId, options),
    list: async ({ search, ...query }, signal) => {
      const options = signal === undefined ? {} : { signal };
      const page = await (search === undefined ? organization.list(query, options) : organization.search(search, query, options));
      return { items: page.organizations, next: page.next_page_token };
    },
    create: (body) => organization.create(unchecked(body)),
    update: (id, body, options) => organization.update(id, unchecked(body), options),
    updateByExternalId: (externalId, body, options) => organization.updateByExternalId(externalId, unchecked(body), options),
    upsert: async (externalId, body, options) => {
      const { organization: record, created } = await organization.upsertByExternalId(externalId, unchecked(body), options);
      return { record, created };
    },
    delete: (id, options) => organization.delete(id, options),
    deleteByExternalId: (externalId, options) => organization.deleteByExternalId(externalId, options),
  }),
};

/** Adds the commands of organizations. */
export function addOrgs(cli: Cli, parent: Command): void {
  addRecordCommands(cli, parent, organizations);
}
