import type { TestServer } from '../../packages/server/src/testing.ts';
import type { Schema } from './values.ts';

/** A parameter of an operation. */
export interface Parameter {
  name: string;
  in: string;
  required?: boolean;
  schema: Schema;
}

/** An operation as the server describes it. */
export interface Operation {
  method: string;
  path: string;
  parameters: Parameter[];
  /** of JSON; undefined where it takes none */
  body?: { schema: Schema; example: unknown };
}

/** Every operation of a server, from its own description. */
export async function operations({ url }: Pick<TestServer, 'url'>): Promise<Operation[]> {
  const { paths } = await (await fetch(`${url}/openapi.json`)).json();
  return Object.entries(Object(paths)).flatMap(([path, methods]) =>
    Object.entries(Object(methods)).map(([method, operation]): Operation => {
      const { parameters = [], requestBody } = Object(operation);
      const body = requestBody?.content['application/json'];
      return { method: method.toUpperCase(), path, parameters, ...(body === undefined ? {} : { body }) };
    }),
  );
}
