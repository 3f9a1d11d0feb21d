import { emailOf, groupSize, organizationOf, userIdOf } from './growth-records.ts';
import { crmIdOf, externalIdOf, formerIdOf, idOf } from './records.ts';
import { farPageSize } from './subjects.ts';

/** What a call on a directory of a size is made of. */
export interface GrowthChoices {
  /** records of each kind */
  count: number;
  /** a random record, from 1 to their number */
  record(): number;
  /** a number that no other call of the run gets */
  serial(): number;
  /** token of page 1,000 of organizations, pages of `farPageSize` */
  farPage: string;
}

/** A request whose time must not grow with the directory. */
export interface GrowthCall {
  name: string;
  request(choices: GrowthChoices): { method: 'GET' | 'POST' | 'PATCH' | 'PUT'; path: string; body?: object };
  /** Requests a second by 32 connections are measured, too. */
  busy?: boolean;
}

const organizations = '/api/v1/organizations';
const users = '/api/v1/users';
const memberships = '/api/v1/memberships';

function get(name: string, path: (choices: GrowthChoices) => string, busy = false): GrowthCall {
  return { name, busy, request: (choices) => ({ method: 'GET', path: path(choices) }) };
}

function filter(name: string, text: (choices: GrowthChoices) => string, busy = false, of = organizations): GrowthCall {
  return get(`filter: ${name}`, (choices) => `${of}?filter=${encodeURIComponent(text(choices))}`, busy);
}

export const growthCalls: GrowthCall[] = [
  get('organization by ID', ({ record }) => `${organizations}/org_${idOf(record())}`, true),
  get('organization by external ID', ({ record }) => `${organizations}:external/${externalIdOf(record())}`, true),
  get('organization by ID of a system', ({ record }) => `${organizations}:external/${crmIdOf(record())}?system=crm`),
  get('organization by alias', ({ record }) => `${organizations}:external/${formerIdOf(record())}`),
  get('user by ID', ({ record }) => `${users}/usr_${userIdOf(record())}`),
  get('user by external ID', ({ record }) => `${users}:external/${externalIdOf(record())}`),
  get('user by address', ({ record }) => `${users}?email=${emailOf(record())}`),
  get('membership', ({ record, count }) => {
    const n = record();
    return `${memberships}/organizations/org_${idOf(organizationOf(n, count))}/users/usr_${userIdOf(n)}`;
  }),
  {
    name: 'resolve of 100 IDs',
    request: ({ record }) => ({
      method: 'POST',
      path: '/api/v1/resolve',
      body: { ids: Array.from({ length: 100 }, () => externalIdOf(record())) },
    }),
  },
  get('first page of organizations', () => organizations, true),
  get('page 1,000 of organizations', ({ farPage }) => `${organizations}?page_size=${farPageSize}&page_token=${farPage}`),
  get('first page of users', () => users),
  get('users of an organization of ten', ({ record, count }) => `${organizations}/org_${idOf(organizationOf(record(), count))}/users`),
  get('first page of memberships', () => memberships),
  get('memberships of an organization of ten', ({ record, count }) => {
    return `${memberships}?organization_id=org_${idOf(organizationOf(record(), count))}`;
  }),
  get(`memberships of a status that ${groupSize} have`, () => `${memberships}?membership_status=INACTIVE`),
  get('memberships of a status that nobody has', () => `${memberships}?membership_status=PENDING_INVITE`),
  get('memberships of a status that most have', () => `${memberships}?membership_status=ACTIVE`),
  get('memberships of the largest organization, of a status that nobody has', ({ count }) => {
    return `${memberships}?organization_id=org_${idOf(count)}&membership_status=PENDING_INVITE`;
  }),
  filter(
    `equality that ${groupSize} have`,
    ({ record, count }) => `metadata.group = "g${record() % Math.max(1, Math.floor(count / groupSize))}"`,
    true,
  ),
  filter('equality that one has', ({ record }) => `metadata.number = ${record()}`),
  filter('equality that nobody has', () => 'metadata.group = "none"'),
  filter('equality that most have', () => 'metadata.address.country = "DE"'),
  filter(`equality that ${groupSize} have and a comparison`, ({ record, count }) => {
    return `metadata.group = "g${record() % Math.max(1, Math.floor(count / groupSize))}" AND metadata.seats >= 250`;
  }),
  filter('comparison that most satisfy', () => 'metadata.seats >= 10'),
  filter(`comparison without an index that ${groupSize} satisfy`, () => `metadata.number <= ${groupSize}`, false, users),
  filter(`comparison with an index that ${groupSize} satisfy`, () => `metadata.number <= ${groupSize}`, true),
  filter(`comparison with an index that other ${groupSize} satisfy`, ({ record }) => {
    const from = record();
    return `metadata.number >= ${from} AND metadata.number < ${from + groupSize}`;
  }),
  filter('comparison with an index that half satisfy', ({ count }) => `metadata.number > ${count / 2}`),
  filter('prefix of an ID of a system', ({ record }) => `external_ids.crm ^= "${crmIdOf(record())}"`),
  filter('those without an ID of a system', () => 'NOT external_ids.crm :*'),
  get('search for an external ID', ({ record }) => `/api/v1/search?q=${externalIdOf(record())}`),
  get('search for the beginning of an address', ({ record }) => `/api/v1/search?q=${emailOf(record()).slice(0, 10)}`),
  get('search within names', ({ record }) => `${organizations}:search?query=${encodeURIComponent(`ustomer ${record()}`)}`),
  {
    name: 'create',
    request({ serial }) {
      const name = `NEW-${serial()}`;
      return {
        method: 'POST',
        path: organizations,
        body: { display_name: name, external_id: name, metadata: { plan_type: 'team', seats: 7 } },
      };
    },
  },
  {
    name: 'metadata merge',
    request: ({ record, serial }) => ({
      method: 'PATCH',
      path: `${organizations}/org_${idOf(record())}`,
      body: { metadata: { seats: serial() } },
    }),
  },
  {
    name: 'upsert that updates',
    request: ({ record, serial }) => ({
      method: 'PUT',
      path: `${organizations}:external/${externalIdOf(record())}`,
      body: { display_name: `Customer, renamed ${serial()}` },
    }),
  },
];
