import { MetadataSchema } from '@crosswalk/contract';
import { excerpt } from '../lib/api-error.ts';

/** A request as far as a field of it is looked for. */
export interface Sent {
  params?: unknown;
  query?: unknown;
  body?: unknown;
  routeOptions: { schema?: { params?: unknown; querystring?: unknown; body?: unknown } };
}

/**
 * The JSON pointer (RFC 6901) of a field of the body; undefined for what is in the query, the path or a header, or may be. A field is told with dots
 * between its steps, and names of the caller's own may have dots in them: which it is, the body tells.
 */
export function pointerOf(field: string, { params, query, body, routeOptions: { schema = {} } }: Sent): string | undefined {
  if (field === 'body') return '';
  // The body of such a request is the metadata itself.
  if (schema.body === MetadataSchema && /^metadata(?:\.|$)/.test(field)) {
    return field === 'metadata' ? '' : written(stepsTo(field.slice('metadata.'.length), body));
  }
  const [name = ''] = field.split('.', 1);
  const isInBody = isObject(body) && keysAt(field, body).length > 0;
  const isElsewhere = isInBody
    ? Object.hasOwn(Object(params), name) || Object.hasOwn(Object(query), name)
    : hasProperty(schema.params, name) || hasProperty(schema.querystring, name);
  return !isElsewhere && (isInBody || hasProperty(schema.body, name)) ? written(stepsTo(field, body)) : undefined;
}

/** The steps to a field from a value; where the way ends, because a member is missing, the rest is what is missing. */
function stepsTo(field: string, value: unknown): string[] {
  const ways = isObject(value)
    ? keysAt(field, value).map(({ key, rest }) => ({ key, rest, steps: rest === '' ? [] : stepsTo(rest, value[key]) }))
    : [];
  // Of several, the one that leads on: that needs the fewest names.
  const [way] = ways.sort((a, b) => a.steps.length - b.steps.length);
  if (way !== undefined) return [way.key, ...way.steps];
  // An excerpt is no name: then it is the nearest around it.
  return field.endsWith('…') ? [] : field.split('.');
}

/** The members that a field may begin with, and what is left of the field then. Long names are told in excerpts. */
function keysAt(field: string, value: Record<string, unknown>): { key: string; rest: string }[] {
  return Object.keys(value).flatMap((key) => {
    const told = excerpt(key);
    if (field === told) return [{ key, rest: '' }];
    return field.startsWith(`${told}.`) ? [{ key, rest: field.slice(told.length + 1) }] : [];
  });
}

function written(steps: readonly string[]): string {
  return steps.map((step) => `/${step.replaceAll('~', '~0').replaceAll('/', '~1')}`).join('');
}

function hasProperty(schema: unknown, name: string): boolean {
  return Object.hasOwn(Object(Object(schema).properties), name);
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}
