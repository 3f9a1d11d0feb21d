import { credentials } from '../tools/programs/credentials.ts';
import { crmIdOf, externalIdOf, formerIdOf, idOf } from './records.ts';

/** One request and what its answer must hold. */
export interface Call {
  method: 'GET' | 'POST' | 'PATCH' | 'PUT';
  path: string;
  contentType?: string;
  body?: string;
  /** it carries no access token */
  anonymous?: boolean;
  expected: string;
}

/** What a call is made of. */
export interface Choices {
  /** a random record, from 1 to their number */
  record(): number;
  /** a number that no other call of the run gets */
  serial(): number;
  /** token of page 1,000 of the list of organizations, pages of `farPageSize`; of the last page where there are fewer */
  farPage: string;
}

/** What ours is compared with: a bare handler with the database or without, or ours without what it keeps in memory. */
export type FloorServer = 'database' | 'plain' | 'reading';

/** The least that the same work costs without Crosswalk: a bare handler, which answers the same call. */
interface Floor {
  name: string;
  server: FloorServer;
  /** ours / floor that is aimed at */
  aim?: number;
}

/** Something that is measured: the same calls go to ours and to each floor in turn. */
export interface Subject {
  name: string;
  connections: number;
  /** HTTP status of every answer */
  status: number;
  floors: Floor[];
  call(choices: Choices): Call;
  /** Answers of a floor are the same bytes as ours to the same call; otherwise only what a call expects is in both. */
  alike: boolean;
  /** Every call is one of a kind, made when it is sent; otherwise connections go round the calls made before. */
  unique: boolean;
  /** Calls are so large that a few must do. */
  large: boolean;
  /** requests of a round, where the server lets only so many through; otherwise a round lasts its time */
  amount?: number;
  /** Headers that say who calls, instead of an access token of ours. */
  headers?: (token: string, choices: Choices) => Record<string, string>;
}

const organizations = '/api/v1/organizations';
const json = 'application/json';
/** IDs in one call of resolve: as many as it takes. */
const resolved = 1000;

/** A look-up is the same whatever names the record. */
function lookUp(name: string, path: (n: number) => string, floors: Floor[]): Subject {
  return {
    name: `look-up by ${name}`,
    connections: 64,
    status: 200,
    floors,
    call({ record }) {
      const n = record();
      return { method: 'GET', path: organizations + path(n), expected: `"id":"org_${idOf(n)}"` };
    },
    alike: true,
    unique: false,
    large: false,
  };
}

/** Organizations of a page when the thousandth is read: 10,000 have so many pages. */
export const farPageSize = 10;

/** A page of a list is the same wherever it is and whatever narrows it: but for its tokens and the count, what a floor answers. */
function list(name: string, floor: string, path: (choices: Choices) => string): Subject {
  return {
    name,
    connections: 32,
    status: 200,
    floors: [{ name: floor, server: 'database' }],
    call: (choices) => ({ method: 'GET', path: organizations + path(choices), expected: '"organizations":[{"id":"org_' }),
    alike: false,
    unique: false,
    large: true,
  };
}

const statement: Floor = { name: 'one prepared statement, pool of 8', server: 'database', aim: 2 };
const reading: Floor = { name: 'the same server, nothing kept', server: 'reading' };

export const subjects: Subject[] = [
  lookUp('external ID', (n) => `:external/${externalIdOf(n)}`, [
    statement,
    { name: 'the same bytes, no database', server: 'plain', aim: 0.65 },
    reading,
  ]),
  lookUp('ID', (n) => `/org_${idOf(n)}`, [statement, reading]),
  lookUp('ID of a system', (n) => `:external/${crmIdOf(n)}?system=crm`, [statement]),
  lookUp('alias', (n) => `:external/${formerIdOf(n)}`, [statement]),
  {
    name: 'create with its event',
    connections: 64,
    status: 201,
    floors: [{ name: 'two inserts in a transaction', server: 'database', aim: 1 }],
    call({ serial }) {
      const name = `New ${serial()}`;
      const metadata = { plan_type: 'team', seats: 25, trial: true, address: { city: 'Berlin', country: 'DE' } };
      return {
        method: 'POST',
        path: organizations,
        contentType: json,
        body: JSON.stringify({ display_name: name, external_id: name.replace(' ', '-'), metadata }),
        expected: `"display_name":"${name}"`,
      };
    },
    alike: false,
    unique: true,
    large: false,
  },
  {
    name: 'metadata merge with its event',
    connections: 64,
    status: 200,
    floors: [{ name: 'one update and one insert in a transaction', server: 'database', aim: 1 }],
    call({ record, serial }) {
      const seats = serial();
      return {
        method: 'PATCH',
        path: `${organizations}/org_${idOf(record())}`,
        contentType: json,
        body: JSON.stringify({ metadata: { seats, trial: false } }),
        expected: `"seats":${seats}`,
      };
    },
    alike: false,
    unique: true,
    large: false,
  },
  {
    name: 'upsert with its event',
    connections: 64,
    status: 200,
    floors: [{ name: 'one insert on conflict update and one insert in a transaction', server: 'database' }],
    call({ record, serial }) {
      const name = `Renamed ${serial()}`;
      return {
        method: 'PUT',
        path: `${organizations}:external/${externalIdOf(record())}`,
        contentType: json,
        body: JSON.stringify({ display_name: name }),
        expected: `"display_name":"${name}"`,
      };
    },
    alike: false,
    unique: true,
    large: false,
  },
  list('first page of organizations', 'one prepared statement by the primary key', () => ''),
  list(`page 1,000 of organizations`, 'one prepared statement by the primary key', ({ farPage }) => {
    return `?page_size=${farPageSize}&page_token=${encodeURIComponent(farPage)}`;
  }),
  list('list filtered by equality of metadata', 'one prepared statement, metadata @> $2', ({ record }) => {
    return `?filter=${encodeURIComponent(`metadata.account_manager = "manager${record() % 200}@example.com"`)}`;
  }),
  {
    name: `resolve of ${resolved} IDs`,
    connections: 8,
    status: 200,
    floors: [{ name: 'one prepared statement, = any($1)', server: 'database' }],
    call({ record }) {
      const numbers = Array.from({ length: resolved }, record);
      return {
        method: 'POST',
        path: '/api/v1/resolve',
        contentType: json,
        body: JSON.stringify({ ids: numbers.map(externalIdOf) }),
        expected: `"id":"org_${idOf(numbers.at(-1) ?? 0)}"`,
      };
    },
    alike: true,
    unique: false,
    large: true,
  },
  {
    name: 'token grant',
    connections: 16,
    status: 200,
    floors: [{ name: 'one RS256 signature by jose', server: 'plain' }],
    call: () => ({
      method: 'POST',
      path: '/oauth/token',
      contentType: 'application/x-www-form-urlencoded',
      body: `grant_type=client_credentials&client_id=${credentials.id}&client_secret=${encodeURIComponent(credentials.secret)}`,
      anonymous: true,
      expected: '"access_token":"ey',
    }),
    alike: false,
    unique: false,
    large: false,
    // The server grants an address 1,000 tokens a minute.
    amount: 112,
  },
];
