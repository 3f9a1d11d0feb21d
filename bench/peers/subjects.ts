import { groupSize } from '../growth-records.ts';
import { externalIdOf, idOf } from '../records.ts';
import type { Call, Choices, Subject } from '../subjects.ts';

/** Who is measured. */
export const contestants = ['Crosswalk', 'Better Auth', 'Parse Server'] as const;
export type Contestant = (typeof contestants)[number];

/** The same work for each; undefined where one cannot do it. */
interface Work {
  name: string;
  /** how many times the rate of the best peer is aimed at */
  aim: number;
  calls: Record<Contestant, ((choices: Choices) => Call) | undefined>;
  status: Record<Contestant, number>;
  unique: boolean;
}

const json = 'application/json';
const metadata = { plan_type: 'team', seats: 25, group: 'new', address: { city: 'Berlin', country: 'DE' } };

/** Organizations that metadata divides the records into, see `seedDirectory`. */
export function groupsOf(records: number): number {
  return Math.max(1, Math.floor(records / groupSize));
}

/** What is measured in a directory of so many records. */
export function worksOf(records: number): Work[] {
  const groups = groupsOf(records);
  const ok = { Crosswalk: 200, 'Better Auth': 200, 'Parse Server': 200 };
  return [
    {
      name: 'look-up by an ID of the owner',
      aim: 10,
      status: ok,
      unique: false,
      calls: {
        Crosswalk({ record }) {
          const id = externalIdOf(record());
          return { method: 'GET', path: `/api/v1/organizations:external/${id}`, expected: `"external_id":"${id}"` };
        },
        'Better Auth'({ record }) {
          const id = externalIdOf(record());
          return { method: 'GET', path: `/api/auth/organization/get-organization?organizationSlug=${id}`, expected: `"slug":"${id}"` };
        },
        'Parse Server'({ record }) {
          const id = externalIdOf(record());
          return { method: 'GET', path: `/parse/classes/Organization/${id}`, expected: `"objectId":"${id}"` };
        },
      },
    },
    {
      name: 'find by metadata',
      aim: 10,
      status: ok,
      unique: false,
      calls: {
        Crosswalk({ record }) {
          const group = `g${record() % groups}`;
          const filter = encodeURIComponent(`metadata.group = "${group}"`);
          return { method: 'GET', path: `/api/v1/organizations?page_size=30&filter=${filter}`, expected: `"group":"${group}"` };
        },
        'Better Auth': undefined,
        'Parse Server'({ record }) {
          const group = `g${record() % groups}`;
          const where = encodeURIComponent(JSON.stringify({ 'metadata.group': group }));
          return { method: 'GET', path: `/parse/classes/Organization?limit=30&where=${where}`, expected: `"group":"${group}"` };
        },
      },
    },
    {
      name: 'create with metadata',
      aim: 4,
      status: { Crosswalk: 201, 'Better Auth': 200, 'Parse Server': 201 },
      unique: true,
      calls: {
        Crosswalk({ serial }) {
          const id = `NEW-${serial()}`;
          const body = JSON.stringify({ display_name: id, external_id: id, metadata });
          return { method: 'POST', path: '/api/v1/organizations', contentType: json, body, expected: `"external_id":"${id}"` };
        },
        'Better Auth'({ serial }) {
          const id = `NEW-${serial()}`;
          const body = JSON.stringify({ name: id, slug: id, metadata, keepCurrentActiveOrganization: true });
          return { method: 'POST', path: '/api/auth/organization/create', contentType: json, body, expected: `"slug":"${id}"` };
        },
        'Parse Server'({ serial }) {
          const id = `NEW-${serial()}`;
          const body = JSON.stringify({ objectId: id, displayName: id, metadata });
          return { method: 'POST', path: '/parse/classes/Organization', contentType: json, body, expected: `"objectId":"${id}"` };
        },
      },
    },
    {
      name: 'update of metadata',
      aim: 4,
      status: ok,
      unique: true,
      calls: {
        Crosswalk({ record, serial }) {
          const seats = serial();
          return {
            method: 'PATCH',
            path: `/api/v1/organizations/org_${idOf(record())}`,
            contentType: json,
            body: JSON.stringify({ metadata: { seats } }),
            expected: `"seats":${seats}`,
          };
        },
        // It replaces the whole metadata, so that two writers at once lose one change.
        'Better Auth'({ record, serial }) {
          const seats = serial();
          const body = JSON.stringify({ organizationId: `org-${record()}`, data: { metadata: { ...metadata, seats } } });
          return { method: 'POST', path: '/api/auth/organization/update', contentType: json, body, expected: `"seats":${seats}` };
        },
        'Parse Server'({ record, serial }) {
          return {
            method: 'PUT',
            path: `/parse/classes/Organization/${externalIdOf(record())}`,
            contentType: json,
            body: JSON.stringify({ 'metadata.seats': serial() }),
            expected: '"updatedAt":',
          };
        },
      },
    },
  ];
}

/** How each wants to know who calls. `token`: what it gave when it was ready. */
const headersOf: Record<Contestant, (token: string, choices: Choices) => Record<string, string>> = {
  Crosswalk: (token) => ({ authorization: `Bearer ${token}` }),
  'Better Auth': (token, { serial }) => {
    const { cookies, origin, rotate }: { cookies: string[]; origin: string; rotate: boolean } = JSON.parse(token);
    return { cookie: cookies[rotate ? serial() % cookies.length : 0] ?? '', origin };
  },
  'Parse Server': (token) => ({ 'x-parse-application-id': 'bench', 'x-parse-master-key': token }),
};

/** Name of the subject of a work and a contestant. */
export function subjectName(work: string, contestant: Contestant): string {
  return `${work}: ${contestant}`;
}

/** The works as what the load generator knows. */
export function peerSubjects(records: number): Subject[] {
  return worksOf(records).flatMap(({ name, calls, status, unique }) =>
    contestants.flatMap((contestant): Subject[] => {
      const call = calls[contestant];
      if (call === undefined) return [];
      return [
        {
          name: subjectName(name, contestant),
          connections: 32,
          status: status[contestant],
          floors: [],
          call,
          alike: false,
          unique,
          large: false,
          headers: headersOf[contestant],
        },
      ];
    }),
  );
}
