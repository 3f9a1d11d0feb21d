import { CreateOrganizationClient, type OrganizationClient, UpdateOrganizationClient } from '@crosswalk/contract';
import { ClientSecretStatus, ClientService as Rpc } from '@scalekit-sdk/node/lib/pkg/grpc/scalekit/v1/clients/clients_pb.js';
import type { OrganizationClientService } from '../clients/index.ts';
import { invalid } from '../lib/api-error.ts';
import { requireId } from '../lib/id.ts';
import { checkTexts } from '../metadata/index.ts';
import { optionalTimestamp, required, sent, timestamp } from './fields.ts';
import { change, changeRecord, type Method, read } from './grpc/method.ts';
import type { Pages } from './pages.ts';
import { parser } from './parse.ts';

const checkCreate = parser(CreateOrganizationClient);
const checkUpdate = parser(UpdateOrganizationClient);

/** Clients of organizations in scalekit.v1.clients.ClientService */
export function clientMethods(clients: OrganizationClientService, pages: Pages): Method[] {
  const answer = (client: OrganizationClient) => ({ client: clientMessage(client) });
  return [
    change(
      Rpc.method.createOrganizationClient,
      (context, { organizationId, client }) =>
        clients.create(context, organizationOf(organizationId), checkCreate(bodyOf(required(client, 'client')))),
      ({ client, plain_secret: plainSecret }) => ({ client: clientMessage(client), plainSecret }),
      { once: true },
    ),
    read(Rpc.method.getOrganizationClient, async (context, request) => answer(await clients.get(context, referenceOf(request)))),
    read(Rpc.method.listOrganizationClients, async (context, request) => {
      const organizationId = organizationOf(request.organizationId);
      const page = await clients.list(context, organizationId, pages.request(context, 'clients', request, organizationId));
      return { clients: page.items.map(clientMessage), ...pages.answer(context, 'clients', page, organizationId) };
    }),
    changeRecord(
      Rpc.method.updateOrganizationClient,
      (context, request, preconditions) =>
        clients.update(context, referenceOf(request), checkUpdate(bodyOf(required(request.client, 'client'))), preconditions),
      answer,
    ),
    changeRecord(
      Rpc.method.deleteOrganizationClient,
      (context, request, preconditions) => clients.delete(context, referenceOf(request), preconditions),
      () => ({}),
    ),
    changeRecord(
      Rpc.method.createOrganizationClientSecret,
      (context, request, preconditions) => clients.createSecret(context, referenceOf(request), preconditions),
      ({ secret, plain_secret: plainSecret }) => ({ secret: secretMessage(secret), plainSecret }),
      { once: true },
    ),
    changeRecord(
      Rpc.method.deleteOrganizationClientSecret,
      (context, request, preconditions) =>
        clients.deleteSecret(context, referenceOf(request), requireId('sks', request.secretId, 'secret_id'), preconditions),
      () => ({}),
    ),
  ];
}

function organizationOf(id: string): string {
  return requireId('org', id, 'organization_id');
}

function referenceOf({ organizationId, clientId }: { organizationId: string; clientId: string }) {
  return { organizationId: organizationOf(organizationId), clientId: requireId('m2morg', clientId, 'client_id') };
}

/** The fields of a client that were sent. */
function bodyOf(client: {
  name: string;
  description: string;
  scopes: string[];
  audience: string[];
  customClaims: { key: string; value: string }[];
  expiry: bigint;
}) {
  for (const { key, value } of client.customClaims) checkTexts({ [key]: value }, 'custom_claims', 'INVALID_ARGUMENT');
  return {
    name: sent(client.name),
    description: sent(client.description),
    scopes: sent(client.scopes),
    audience: sent(client.audience),
    custom_claims: sent(client.customClaims.map(({ key, value }) => ({ key, value }))),
    expiry: client.expiry === 0n ? undefined : seconds(client.expiry),
  };
}

function seconds(value: bigint): number {
  if (value > Number.MAX_SAFE_INTEGER || value < Number.MIN_SAFE_INTEGER) throw invalid('expiry', 'is no number of seconds', 'range');
  return Number(value);
}

function clientMessage(client: OrganizationClient) {
  return {
    clientId: client.client_id,
    organizationId: client.organization_id,
    name: client.name ?? '',
    description: client.description ?? '',
    scopes: client.scopes,
    audience: client.audience,
    customClaims: client.custom_claims,
    expiry: BigInt(client.expiry),
    secrets: client.secrets.map(secretMessage),
    createTime: timestamp(client.create_time),
    updateTime: timestamp(client.update_time),
  };
}

function secretMessage({ id, hint, create_time, last_used_time }: OrganizationClient['secrets'][number]) {
  return {
    id,
    secretSuffix: hint,
    status: ClientSecretStatus.ACTIVE,
    createTime: timestamp(create_time),
    updateTime: timestamp(create_time),
    lastUsedTime: optionalTimestamp(last_used_time),
  };
}
