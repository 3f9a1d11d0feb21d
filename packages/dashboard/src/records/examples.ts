import { curl, exampleOfReading, node, quoted, shell } from '../elements/client-code.ts';
import type { Example } from '../elements/code-example.tsx';
import type { DirectoryRecord, Kind, Wanted } from './kind.ts';

const commands = { organization: 'orgs', user: 'users' } as const;

/** How to read one record by code: by the external ID where it has one, as one's own systems do. */
export function exampleOfRecord<RecordType extends DirectoryRecord>({ noun, plural }: Kind<RecordType>, record: RecordType): Example {
  const [[system, systemId] = ['', '']] = Object.entries(record.external_ids);
  const named = record.external_id ?? (systemId === '' ? undefined : systemId);
  const ofSystem = record.external_id === null && systemId !== '';
  if (named === undefined) {
    const get = noun === 'user' ? 'getUser' : 'get';
    return exampleOfReading(
      `/api/v1/${plural}/${record.id}`,
      `crosswalk.${noun}.${get}(${quoted(record.id)})`,
      `${commands[noun]} get ${record.id}`,
    );
  }
  const query = new URLSearchParams({ external_id: named, ...(ofSystem ? { system } : {}) });
  const argument = ofSystem ? `${quoted(named)}, { system: ${quoted(system)} }` : quoted(named);
  return exampleOfReading(
    `/api/v1/${plural}:external?${query}`,
    `crosswalk.${noun}.getByExternalId(${argument})`,
    `${commands[noun]} get --external-id ${shell(named)}${ofSystem ? ` --system ${shell(system)}` : ''}`,
  );
}

/** How to read the memberships of a record by code. */
export function exampleOfMemberships<RecordType extends DirectoryRecord>({ noun }: Kind<RecordType>, { id }: RecordType): Example {
  const option = noun === 'user' ? '--user' : '--org';
  return exampleOfReading(
    `/api/v1/memberships?${noun}_id=${id}`,
    `crosswalk.membership.list({ ${noun}Id: ${quoted(id)} })`,
    `members list ${option} ${id}`,
  );
}

/** How to read what happened to a record by code. */
export function exampleOfHistory<RecordType extends DirectoryRecord>({ noun, plural }: Kind<RecordType>, { id }: RecordType): Example {
  return exampleOfReading(`/api/v1/${plural}/${id}/history`, `crosswalk.${noun}.history.list(${quoted(id)})`, `events history ${id}`);
}

/** How to read the list that is on screen by code. */
export function exampleOfList<RecordType extends DirectoryRecord>({ noun, plural }: Kind<RecordType>, { filter, text }: Wanted): Example {
  const query = new URLSearchParams({ ...(filter === undefined ? {} : { filter }), ...(text === undefined ? {} : { query: text }) });
  const path = `/api/v1/${plural}${text === undefined ? '' : ':search'}${query.size === 0 ? '' : `?${query}`}`;
  const list = text === undefined ? (noun === 'user' ? 'listUsers' : 'list') : 'search';
  const argument = text !== undefined ? quoted(text) : filter === undefined ? '' : `{ filter: ${quoted(filter)} }`;
  const option = text !== undefined ? ` --search ${shell(text)}` : filter === undefined ? '' : ` --filter ${shell(filter)}`;
  return {
    curl: curl(path),
    node: node(`for await (const ${noun} of crosswalk.${noun}.${list}(${argument})) console.log(${noun}.id);`),
    cli: `npx crosswalk ${commands[noun]} list${option}`,
  };
}

/** How to create a first organization by code, with the ID that it has in one's own system. */
export function exampleOfCreate(): Example {
  const organization = { display_name: 'Acme Corporation', external_id: 'CUST-1', metadata: { plan: 'enterprise', seats: 250 } };
  return {
    curl: curl('/api/v1/organizations', `-H 'Content-Type: application/json' -d ${shell(JSON.stringify(organization))}`),
    node: node(
      [
        'const acme = await crosswalk.organization.create({',
        "  display_name: 'Acme Corporation',",
        "  external_id: 'CUST-1',",
        "  metadata: { plan: 'enterprise', seats: 250 },",
        '});',
        'console.log(acme.id);',
      ].join('\n'),
    ),
    cli: "npx crosswalk orgs create --name 'Acme Corporation' --external-id CUST-1 --metadata plan=enterprise --metadata seats:number=250",
  };
}
