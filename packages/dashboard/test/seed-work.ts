import type { Crosswalk } from '@crosswalk/sdk';
import { startReceiver } from '../../server/src/webhooks/testing.ts';

/** Imports and webhooks that the pages show. */
export interface SeedWork {
  /** IDs: with rejected rows, undone but for a record, only checked */
  imports: { rejected: string; undone: string; check: string };
  endpointId: string;
}

/** Does some work: imports of every outcome, and an endpoint that takes most of what it is sent. The server's work must be started. */
export async function seedWork(crosswalk: Crosswalk): Promise<SeedWork> {
  const receiver = await startReceiver((_received, response, nth) =>
    response.writeHead(nth % 3 === 0 ? 503 : 204).end(nth % 3 === 0 ? 'busy' : undefined),
  );
  await crosswalk.metadataIndex.create({ kind: 'organization', key: 'metadata.seats', type: 'number' });
  const { webhook_endpoint: endpoint } = await crosswalk.webhookEndpoint.create({
    url: receiver.url,
    description: 'Billing',
    event_types: ['organization'],
  });
  await crosswalk.webhookEndpoint.create({ url: 'https://app.example.com/hooks', description: 'Search index' });
  const rows = Array.from({ length: 24 }, (_, index) => ({
    kind: 'organization' as const,
    external_id: `IMP-${index}`,
    display_name: `Imported ${index}`,
    metadata: { seats: index * 5, plan: 'team' },
  }));
  const run = async (source: Parameters<Crosswalk['imports']['create']>[0], settings: Parameters<Crosswalk['imports']['create']>[1] = {}) =>
    (await crosswalk.imports.wait((await crosswalk.imports.create(source, settings)).id, { interval: 50 })).id;
  const undone = await run(rows);
  const changed = await crosswalk.organization.getByExternalId('IMP-3');
  if (changed === null) throw new Error('the import made nothing');
  await crosswalk.organization.update(changed.id, { metadata: { seats: 1 } });
  await crosswalk.imports.undo(undone);
  await crosswalk.imports.wait(undone, { interval: 50 });
  const lines = [
    ...rows.slice(4, 12).map((row) => JSON.stringify(row)),
    '{"kind":"user","email":"not an address"}',
    '{"kind":"organization"',
    '{"kind":"membership","organization":{"external_id":"NONE"},"user":{"email":"ada@example.com"}}',
  ];
  const rejected = await run(lines.join('\n'));
  const check = await run(
    rows.slice(0, 6).map((row) => ({ ...row, display_name: `${row.display_name} Ltd` })),
    { dryRun: true },
  );
  await receiver.waitFor(20);
  return { imports: { rejected, undone, check }, endpointId: endpoint.id };
}
