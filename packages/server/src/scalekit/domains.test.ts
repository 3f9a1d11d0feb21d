import {
  DomainType,
  DomainService as Rpc,
  VerificationMethod,
  VerificationStatus,
} from '@scalekit-sdk/node/lib/pkg/grpc/scalekit/v1/domains/domains_pb.js';
import { describe, expect, test } from 'vitest';
import { useTestServer } from '../testing.ts';
import { messagesOf, scalekitOf } from './testing.ts';

const server = useTestServer();
const connect = () => scalekitOf(server, server.client);

async function organizationId(externalId: string): Promise<string> {
  const { organization } = await connect().organization.createOrganization(externalId, { externalId });
  return organization?.id ?? '';
}

describe('domains over the Node client', () => {
  test('a domain without a type belongs to its organization and waits for its proof', async () => {
    const { domain } = connect();
    const id = await organizationId('own');
    const { domain: made } = await domain.createDomain(id, 'duke.com');
    expect(made).toMatchObject({
      domain: 'duke.com',
      organizationId: id,
      domainType: DomainType.ORGANIZATION_DOMAIN,
      verificationStatus: VerificationStatus.PENDING,
      verificationMethod: VerificationMethod.DNS,
      txtRecordKey: '_crosswalk-challenge.duke.com',
    });
    expect(made?.txtRecordSecret).not.toBe('');
    expect((await domain.getDomain(id, made?.id ?? '')).domain).toEqual(made);
  });

  test('a list is of one organization and of one type, newest first; that of a new one is empty', async () => {
    const { domain } = connect();
    const id = await organizationId('lists');
    expect((await domain.listDomains(id)).domains).toEqual([]);
    await domain.createDomain(id, 'first.example', { domainType: 'ORGANIZATION_DOMAIN' });
    await domain.createDomain(id, 'second.example', { domainType: 'ALLOWED_EMAIL_DOMAIN' });
    const names = async (options?: { domainType: string }) =>
      (await domain.listDomains(id, options)).domains.map(({ domain: name }) => name);
    expect(await names()).toEqual(['second.example', 'first.example']);
    expect(await names({ domainType: 'ORGANIZATION_DOMAIN' })).toEqual(['first.example']);
    expect(await names({ domainType: 'ALLOWED_EMAIL_DOMAIN' })).toEqual(['second.example']);
    await expect(domain.listDomains('invalid-org-id')).rejects.toThrow(/organization_id/);
  });

  test('a deleted domain is gone and free', async () => {
    const { domain } = connect();
    const id = await organizationId('frees');
    const { domain: made } = await domain.createDomain(id, 'free.example');
    await domain.deleteDomain(id, made?.id ?? '');
    await expect(domain.getDomain(id, made?.id ?? '')).rejects.toThrow(/has no domain/);
    await expect(domain.deleteDomain(id, made?.id ?? '')).rejects.toThrow(/has no domain/);
    expect((await domain.createDomain(await organizationId('takes'), 'free.example')).domain?.domain).toBe('free.example');
  });

  test('what is no domain, no ID or taken is refused by name', async () => {
    const { domain } = connect();
    const id = await organizationId('refused');
    await domain.createDomain(id, 'taken.example');
    await expect(domain.createDomain(id, 'invalid-domain-name')).rejects.toThrow(/domain/);
    await expect(domain.createDomain('org_7', 'fine.example')).rejects.toThrow(/org_7/);
    await expect(domain.getDomain(id, 'not-an-id')).rejects.toThrow(/id/);
    await expect(domain.createDomain(await organizationId('late'), 'taken.example')).rejects.toThrow(id);
  });
});

test('what no client of theirs sends yet works too: external IDs, page numbers, the check of the TXT record', async () => {
  const id = await organizationId('by-external');
  const rpc = messagesOf(Rpc, server, server.client.token);
  const identities = { case: 'externalId', value: 'by-external' } as const;
  for (const name of ['a.example', 'b.example', 'c.example'])
    await rpc.createDomain({ identities, domain: { domain: name, domainType: DomainType.ALLOWED_EMAIL_DOMAIN } });
  const page = await rpc.listDomains({ identities, pageSize: 2, pageNumber: 1 });
  expect(page).toMatchObject({ pageSize: 2, pageNumber: 1, domains: [{ domain: 'a.example', organizationId: id }] });
  const [first] = page.domains;
  // Nothing is to be proved of a domain whose addresses may join.
  expect((await rpc.verifyDomain({ identities, id: first?.id ?? '' })).verified).toBe(true);
  expect((await rpc.updateDomain({ identities, id: first?.id ?? '', domain: {} })).domain).toEqual(first);
  await expect(rpc.listDomains({ identities, connectionId: 'conn_1' })).rejects.toThrow(/connection_id/);
});
