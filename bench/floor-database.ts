import type { FastifyInstance } from 'fastify';
import pg from 'pg';
import { create, list, lookUpByExternalId, lookUpById, merge, resolve, setTemplate, upsert } from './floor-rows.ts';
import type { FloorSettings } from './floor-server.ts';

/** Connections: the best of 4 to 32 when look-ups were measured. */
const poolSize = 8;

/** Above the IDs of the records that are there from the start, below those that ours makes. */
const firstId = 2_000_000_000_000;

/** Bare handlers with the least that the database must do: nobody is authenticated, nothing is checked. */
export function databaseFloor(app: FastifyInstance, { databaseUrl, environmentId, bytes }: FloorSettings): void {
  setTemplate(JSON.parse(bytes).organization);
  const db = new pg.Pool({ connectionString: databaseUrl, max: poolSize });
  let made = 0;

  app.get<{ Params: { external_id: string }; Querystring: { system?: string } }>(
    '/api/v1/organizations::external/:external_id',
    async (request, reply) =>
      (await lookUpByExternalId(db, environmentId, request.query.system ?? '', request.params.external_id)) ?? reply.callNotFound(),
  );

  app.get<{ Params: { id: string } }>(
    '/api/v1/organizations/:id',
    async (request, reply) => (await lookUpById(db, environmentId, request.params.id.slice(4))) ?? reply.callNotFound(),
  );

  app.post<{ Body: { display_name: string; external_id: string; metadata: object } }>('/api/v1/organizations', async (request, reply) => {
    made += 1;
    return reply.code(201).send(await create(db, environmentId, String(firstId + made), request.body));
  });

  app.put<{ Params: { external_id: string }; Body: { display_name: string } }>(
    '/api/v1/organizations::external/:external_id',
    async (request) => {
      made += 1;
      return upsert(db, environmentId, String(firstId + made), request.params.external_id, request.body.display_name);
    },
  );

  app.get<{ Querystring: { page_size?: string; page_token?: string; filter?: string } }>('/api/v1/organizations', async (request) => {
    const { page_size: size = '30', page_token: token, filter } = request.query;
    const value = /"(.*)"/.exec(filter ?? '')?.[1];
    return list(db, environmentId, Number(size), {
      // A token of ours ends with the ID after which its page begins, see lib/page-token.ts.
      before: token === undefined ? undefined : Buffer.from(token, 'base64url').subarray(17).toString(),
      metadata: value === undefined ? undefined : { account_manager: value },
    });
  });

  app.patch<{ Params: { id: string }; Body: { metadata: object } }>('/api/v1/organizations/:id', async (request) =>
    merge(db, environmentId, request.params.id.slice(4), request.body.metadata),
  );

  app.post<{ Body: { ids: string[] } }>('/api/v1/resolve', async (request) => resolve(db, environmentId, request.body.ids));
}
