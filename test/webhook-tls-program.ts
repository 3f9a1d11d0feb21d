import { Sender } from '../packages/server/src/webhooks/sender.ts';
import { Targets } from '../packages/server/src/webhooks/target.ts';

/**
 * Sends a message to each address given and prints what came of it as JSON. A program of its own, as the certificate to trust
 * (NODE_EXTRA_CA_CERTS) is read when a process starts.
 */
const targets = new Targets({ allow: ['127.0.0.0/8', '::1/128'], publicUrl: 'https://crosswalk.example' });
const sender = new Sender({ targets, timeout: 5_000 });
const outcomes = await Promise.all(process.argv.slice(2).map((url) => sender.send({ url, headers: {}, body: '{}' })));
await sender.stop();
process.stdout.write(JSON.stringify(outcomes.map(({ status, error }) => status ?? error)));
