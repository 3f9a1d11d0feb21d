import { expect, test } from 'vitest';
import { useTestServer } from '../../server/src/testing.ts';
import { Crosswalk, NotFoundError, PreconditionError } from './index.ts';

const server = useTestServer({ webhooks: { allow: ['127.0.0.0/8'] } });

test('search, systems, the overview and the figures of an endpoint are methods; fields may be in camelCase', async () => {
  const crosswalk = new Crosswalk(server.url, server.client.clientId, server.client.clientSecret);
  const acme = await crosswalk.organization.create({ display_name: 'Acme', external_ids: { stripe: 'cus_1', crm: '7' } });
  const [match] = (await crosswalk.search('cus_1', { limit: 1 })).matches;
  expect(match).toMatchObject({ id: acme.id, matched_by: 'external_id', system: 'stripe' });

  const put = await crosswalk.system.put('stripe', { label: 'Stripe', urlPattern: 'https://dashboard.stripe.com/customers/{id}' });
  expect(put).toMatchObject({ created: true, system: { name: 'stripe', id_pattern: null } });
  await expect(crosswalk.system.put('stripe', {}, { ifMatch: 7 })).rejects.toThrow(PreconditionError);
  expect(await crosswalk.system.get('stripe')).toEqual(put.system);
  expect((await crosswalk.system.list()).map(({ name, label }) => [name, label])).toEqual([
    ['crm', null],
    ['stripe', 'Stripe'],
  ]);
  const { counts, systems, growth } = await crosswalk.overview({ days: 2 });
  expect([counts.organizations, growth.length]).toEqual([{ value: 1, exact: true }, 2]);
  expect(systems).toMatchObject([
    { name: 'crm', organizations_with: 1, organizations_without: 0 },
    { name: 'stripe', organizations_with: 1, organizations_without: 0 },
  ]);
  await crosswalk.system.delete('stripe');
  await expect(crosswalk.system.get('stripe')).rejects.toThrow(NotFoundError);

  const { webhook_endpoint: endpoint } = await crosswalk.webhookEndpoint.create({ url: 'http://127.0.0.1:9/' });
  expect(await crosswalk.webhookEndpoint.stats(endpoint.id, { hours: 1 })).toMatchObject({
    delivered: 0,
    failed: 0,
    p95_ms: null,
    hours: [],
  });
});
