import type { FastifyInstance } from 'fastify';
import { generateKeyPair, SignJWT } from 'jose';

/** Bare handlers that need no database: `bytes` is the answer to every look-up. */
export async function plainFloor(app: FastifyInstance, { bytes }: { bytes: string }): Promise<void> {
  const { privateKey } = await generateKeyPair('RS256');

  app.get('/api/v1/organizations::external/:external_id', async (_request, reply) =>
    reply.type('application/json; charset=utf-8').send(bytes),
  );

  app.addContentTypeParser('application/x-www-form-urlencoded', { parseAs: 'string' }, (_request, body, done) => done(null, body));
  app.post('/oauth/token', async () => {
    const token = await new SignJWT({ client_id: 'skc_1001', scope: 'read write' })
      .setProtectedHeader({ alg: 'RS256', kid: 'floor', typ: 'at+jwt' })
      .setIssuer('http://localhost')
      .setAudience('http://localhost')
      .setSubject('skc_1001')
      .setIssuedAt()
      .setExpirationTime('3600s')
      .sign(privateKey);
    return { access_token: token, token_type: 'Bearer', expires_in: 3600, scope: 'read write' };
  });
}
