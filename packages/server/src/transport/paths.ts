import { ExternalId, System } from '@crosswalk/contract';
import { type TObject, type TProperties, Type } from 'typebox';
import { type ExternalKey, externalKey, type RecordReference } from '../external-ids/index.ts';
import { type IdPrefix, requireId } from '../lib/id.ts';

/** One of the ways to name a record in a path. */
export interface RecordPath<Reference extends RecordReference = RecordReference> {
  /** for Fastify, where `::` is a colon and `:name` a parameter */
  url: string;
  /** the path of a part of the record, such as its `metadata` */
  partUrl: (part: string) => string;
  /** tells the operation apart from its siblings: `getUser`, `getUserByExternalId`, `getUserByExternalIdQuery` */
  suffix: string;
  /** how the record is named, for people */
  by: string;
  parts: { params: TObject; querystring: TObject };
  /** Reads the record's name from a request that the schemas let through; 400 names the field. */
  reference: (request: { params: unknown; query: unknown }) => Reference;
}

const system = Type.Optional(System);

/** The ways to name a record of a collection: its ID, in the path's `parameter`, and those of `externalPaths`. */
export function recordPaths(collection: string, prefix: IdPrefix, parameter = 'id'): RecordPath[] {
  const url = `${collection}/:${parameter}`;
  const byId: RecordPath = {
    url,
    partUrl: (part) => `${url}/${part}`,
    suffix: '',
    by: 'its ID',
    ...partsOf(url, {}),
    reference: ({ params }) => ({ id: requireId(prefix, member(params, parameter), parameter) }),
  };
  return [byId, ...externalPaths(collection)];
}

/**
 * The two ways to name a record by an external ID: in the path, or in the query, which takes any legal ID (a URL
 * cannot have `.` or `..` as a segment of its path).
 */
export function externalPaths(collection: string): RecordPath<ExternalKey>[] {
  const url = `${collection}::external`;
  return [
    {
      url: `${url}/:external_id`,
      partUrl: (part) => `${url}/:external_id/${part}`,
      suffix: 'ByExternalId',
      by: 'an external ID',
      ...partsOf(`${url}/:external_id`, { system }),
      reference: ({ params, query }) => externalKey(member(params, 'external_id'), optional(query, 'system')),
    },
    {
      url,
      // Not `/metadata`: that is the path of a record whose external ID is "metadata".
      partUrl: (part) => `${url}::${part}`,
      suffix: 'ByExternalIdQuery',
      by: 'an external ID in the query',
      ...partsOf(url, { external_id: ExternalId, system }),
      reference: ({ query }) => externalKey(member(query, 'external_id'), optional(query, 'system')),
    },
  ];
}

function partsOf(url: string, query: TProperties): Pick<RecordPath, 'parts'> {
  return { parts: { params: paramsOf(url), querystring: Type.Object(query, { additionalProperties: false }) } };
}

/** The schema of the parameters in a path. */
export function paramsOf(url: string) {
  const names = [...url.matchAll(/\/:([a-z_]+)/g)].map(([, name = '']) => name);
  return Type.Object(Object.fromEntries(names.map((name) => [name, Type.String()])));
}

/** The parts of a path with more parameters in its query. */
export function withQuery({ params, querystring }: RecordPath['parts'], more: TProperties): RecordPath['parts'] {
  return { params, querystring: Type.Object({ ...querystring.properties, ...more }, { additionalProperties: false }) };
}

/** A boolean parameter of a query; undefined when it was not sent. */
export function flag(query: unknown, name: string): boolean | undefined {
  const value: unknown = Object(query)[name];
  return typeof value === 'boolean' ? value : undefined;
}

/** A whole number of a query; undefined when it was not sent. */
export function figure(query: unknown, name: string): number | undefined {
  const value: unknown = Object(query)[name];
  return typeof value === 'number' ? value : undefined;
}

/** A parameter that the schema has checked to be there. */
export function member(of: unknown, name: string): string {
  return optional(of, name) ?? '';
}

/** The database ID of the organization that a path names; 400 INVALID_ID. */
export function organizationOf({ params }: { params: unknown }): string {
  return requireId('org', member(params, 'organization_id'), 'organization_id');
}

/** A text of a query; undefined when it was not sent. */
export function optional(of: unknown, name: string): string | undefined {
  const value: unknown = Object(of)[name];
  return typeof value === 'string' ? value : undefined;
}
