import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import type { Crosswalk } from '@crosswalk/sdk';
import Stripe from 'stripe';
import { code, say, step } from './narrate.ts';

const customerId = 'cus_Nffrf1gZ0uCj2f';
const signingSecret = 'whsec_demo_5f2b7c1e9a4d4c3ab1e0';

/** A billing webhook: verified with Stripe's own package, found by Stripe's customer ID, merged into the metadata. */
export async function stripeWebhook(crosswalk: Crosswalk, organizationId: string): Promise<void> {
  say('2. A Stripe webhook changes what is known of a customer');

  code(`organization.update(organizationId, { external_ids: { stripe: '${customerId}' } })`);
  await crosswalk.organization.update(organizationId, { external_ids: { stripe: customerId } });
  step('the organization is now known by its Stripe ID too');

  // The key is never used: only the webhook functions of the package are.
  const stripe = new Stripe('sk_test_not_used');
  const receiver = createServer(async (request, response) => {
    try {
      const event = stripe.webhooks.constructEvent(await bodyOf(request), request.headers['stripe-signature'] ?? '', signingSecret);
      if (event.type === 'customer.subscription.updated') await onSubscriptionUpdated(crosswalk, event);
      response.writeHead(200).end();
    } catch (error) {
      response.writeHead(400).end(error instanceof Error ? error.message : String(error));
    }
  });
  receiver.listen(0, '127.0.0.1');
  await once(receiver, 'listening');
  const address = receiver.address();
  const url = typeof address === 'object' && address !== null ? `http://127.0.0.1:${address.port}/stripe` : '';
  try {
    const payload = JSON.stringify(subscriptionUpdated());
    const forged = await fetch(url, { method: 'POST', body: payload, headers: { 'stripe-signature': 't=1,v1=00' } });
    step(`a forged webhook is answered ${forged.status}`);
    const signature = stripe.webhooks.generateTestHeaderString({ payload, secret: signingSecret });
    const accepted = await fetch(url, { method: 'POST', body: payload, headers: { 'stripe-signature': signature } });
    if (!accepted.ok) throw new Error(`the webhook was refused: ${await accepted.text()}`);
  } finally {
    receiver.close();
  }
  const { metadata } = await crosswalk.organization.get(organizationId);
  step(`metadata is now ${JSON.stringify(metadata)}`);
}

/** What a webhook handler does: one call, no look-up first, no lock. */
async function onSubscriptionUpdated(crosswalk: Crosswalk, { data }: Stripe.CustomerSubscriptionUpdatedEvent): Promise<void> {
  const { customer, status, items, cancel_at_period_end: cancels } = data.object;
  const [item] = items.data;
  code(`organization.updateByExternalId('${String(customer)}', { metadata: … }, { system: 'stripe' })`);
  await crosswalk.organization.updateByExternalId(
    typeof customer === 'string' ? customer : customer.id,
    { metadata: { subscription: { status, price: item?.price.id ?? null, seats: item?.quantity ?? 0, cancels } } },
    { system: 'stripe' },
  );
}

async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk);
  return Buffer.concat(chunks);
}

/** An event as Stripe sends it, shortened to what a handler reads. */
function subscriptionUpdated(): object {
  return {
    id: 'evt_1MwYLZLkdIwHu7ix5ZbTm6Vj',
    object: 'event',
    api_version: '2024-06-20',
    created: Math.floor(Date.now() / 1000),
    type: 'customer.subscription.updated',
    data: {
      object: {
        id: 'sub_1MowQVLkdIwHu7ixeRlqHVzs',
        object: 'subscription',
        customer: customerId,
        status: 'active',
        cancel_at_period_end: false,
        items: {
          object: 'list',
          data: [{ id: 'si_Na6dzxczY5fwHx', object: 'subscription_item', quantity: 250, price: { id: 'price_enterprise_yearly' } }],
        },
      },
      previous_attributes: { items: { data: [{ quantity: 200 }] } },
    },
  };
}
