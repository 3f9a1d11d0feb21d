import { type ApiToken, CreateApiToken, NameApiToken, UpdateApiToken } from '@crosswalk/contract';
import { ApiTokenService as Rpc } from '@scalekit-sdk/node/lib/pkg/grpc/scalekit/v1/tokens/tokens_pb.js';
import type { ApiTokenService } from '../api-tokens/index.ts';
import { invalid } from '../lib/api-error.ts';
import { requireId } from '../lib/id.ts';
import { checkTexts } from '../metadata/index.ts';
import { optionalTimestamp, required, sent, timestamp, timeText } from './fields.ts';
import { change, changeRecord, type Method, read } from './grpc/method.ts';
import type { Pages } from './pages.ts';
import { parser } from './parse.ts';

const checkCreate = parser(CreateApiToken);
const checkName = parser(NameApiToken);
const checkUpdate = parser(UpdateApiToken);

/** Tokens in a page when the request does not say: as upstream, less than elsewhere. */
const defaultSize = 10;

/** scalekit.v1.tokens.ApiTokenService */
export function apiTokenMethods(tokens: ApiTokenService, pages: Pages): Method[] {
  const answer = (token: ApiToken) => ({ tokenInfo: tokenMessage(token) });
  return [
    change(
      Rpc.method.createToken,
      (context, request) => {
        const { organizationId, userId, customClaims, expiry, description } = required(request.token, 'token');
        const body = checkCreate({
          organization_id: organizationId,
          user_id: sent(userId),
          custom_claims: claimsOf(customClaims),
          expiry: timeText(expiry, 'expiry'),
          description: sent(description),
        });
        return tokens.create(context, body);
      },
      ({ token, token_id: tokenId, token_info: info }) => ({ token, tokenId, tokenInfo: tokenMessage(info) }),
      { once: true },
    ),
    read(Rpc.method.validateToken, async (context, { token }) => answer(await tokens.validate(context, checkName({ token }).token))),
    changeRecord(
      Rpc.method.invalidateToken,
      (context, { token }, preconditions) => tokens.invalidate(context, checkName({ token }).token, preconditions),
      () => ({}),
    ),
    read(Rpc.method.listTokens, async (context, request) => {
      if (request.pageSize < 0) throw invalid('page_size', 'must not be negative', 'minimum');
      const query = {
        organizationId: requireId('org', request.organizationId, 'organization_id'),
        userId: request.userId === undefined || request.userId === '' ? undefined : requireId('usr', request.userId, 'user_id'),
      };
      const size = request.pageSize === 0 ? defaultSize : request.pageSize;
      const page = await tokens.list(context, query, pages.request(context, 'tokens', { ...request, pageSize: size }, query));
      const { totalSize, ...neighbours } = pages.answer(context, 'tokens', page, query);
      return { tokens: page.items.map(tokenMessage), totalCount: totalSize, ...neighbours };
    }),
    changeRecord(
      Rpc.method.updateToken,
      (context, { token, description, customClaims }, preconditions) =>
        tokens.update(context, checkUpdate({ token, description, custom_claims: claimsOf(customClaims) }), preconditions),
      answer,
    ),
  ];
}

/** Claims that were sent; 400 when one is what is left of an object. */
function claimsOf(claims: Record<string, string>) {
  return sent(checkTexts(claims, 'custom_claims', 'INVALID_ARGUMENT'));
}

function tokenMessage(token: ApiToken) {
  return {
    tokenId: token.token_id,
    organizationId: token.organization_id,
    organizationExternalId: token.organization_external_id ?? '',
    userId: token.user_id ?? undefined,
    userExternalId: token.user_external_id ?? undefined,
    customClaims: token.custom_claims,
    expiry: optionalTimestamp(token.expiry),
    createdAt: timestamp(token.created_at),
    description: token.description ?? undefined,
    tokenSuffix: token.token_suffix,
    email: token.email ?? undefined,
    roles: token.roles,
  };
}
