import { type ErrorCode, type SigningKey, SigningKeyAnswer, SigningKeyList } from '@crosswalk/contract';
import { requireId } from '../lib/id.ts';
import { recordTag } from '../lib/version-tag.ts';
import { preconditionsOf, sendRecord } from '../transport/etag.ts';
import { operation } from '../transport/operation.ts';
import { member, paramsOf } from '../transport/paths.ts';
import { changeContextOf, contextOf } from '../transport/request.ts';
import type { Routes } from '../transport/routes.ts';
import type { SigningKeyService } from './signing-key-service.ts';

const collection = '/api/v1/signing_keys';
/** The router takes a colon for a part of the ID unless a pattern ends the ID before it. */
const revokeUrl = `${collection}/:id([^:]+)::revoke`;
const tag = 'Signing keys';
const changeErrors: ErrorCode[] = ['IDEMPOTENCY_KEY_REUSED'];

/** REST of the keys that sign the tokens of an environment. */
export function signingKeyRoutes(app: Routes, keys: SigningKeyService): void {
  const answer = (key: SigningKey) => ({ status: 200, body: { signing_key: key }, tag: recordTag(key) });

  app.get(
    collection,
    operation(
      {
        id: 'listSigningKeys',
        tag,
        summary: 'List the keys that sign the tokens of the environment',
        description: 'Newest first; those that ended in the last 90 days too.',
        scope: 'read',
        answers: { 200: SigningKeyList },
      },
      {},
    ),
    async (request) => ({ signing_keys: await keys.list(contextOf(request)) }),
  );

  app.post(
    `${collection}::rotate`,
    operation(
      {
        id: 'rotateSigningKey',
        tag,
        summary: 'Publish a new signing key',
        description:
          'It is at /keys at once and signs from `sign_time` on, so that services which keep the keys know it by then. No token becomes ' +
          'invalid. While a new key waits for its time, the answer is that one.',
        scope: 'write',
        adminOnly: true,
        answers: { 200: SigningKeyAnswer },
        errors: changeErrors,
      },
      {},
    ),
    async (request, reply) => {
      const key = await keys.rotate(changeContextOf(request, answer));
      return sendRecord(request, reply, recordTag(key), { signing_key: key });
    },
  );

  app.post(
    revokeUrl,
    operation(
      {
        id: 'revokeSigningKey',
        tag,
        summary: 'Refuse a signing key and every token that it signed',
        description:
          'For a key that has leaked. This server refuses its tokens from now on, others on the same database within 5 seconds, and your own ' +
          'services when they read /keys again. If it was the one that signs, another does so at once. Clients get new tokens by themselves.',
        scope: 'write',
        adminOnly: true,
        answers: { 200: SigningKeyAnswer },
        errors: ['SIGNING_KEY_NOT_FOUND', 'INVALID_ID', 'VERSION_MISMATCH', ...changeErrors],
      },
      { params: paramsOf(revokeUrl) },
    ),
    async (request, reply) => {
      const id = requireId('key', member(request.params, 'id'));
      const key = await keys.revoke(changeContextOf(request, answer), id, preconditionsOf(request));
      return sendRecord(request, reply, recordTag(key), { signing_key: key });
    },
  );
}
