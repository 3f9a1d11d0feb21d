import { existsSync } from 'node:fs';
import { Crosswalk, CrosswalkError } from '@crosswalk/sdk';
import { syncEmployees } from './hr-file.ts';
import { note, say } from './narrate.ts';
import { rekey } from './rekey.ts';
import { seedPage } from './seed-page.ts';
import { stripeWebhook } from './stripe-webhook.ts';
import { findLeftovers, removeAll } from './tidy.ts';

/** Plays the main job of Crosswalk against a running server, and tells what it does. */
async function main(): Promise<number> {
  if (existsSync('.env')) process.loadEnvFile('.env');
  const { CROSSWALK_ENVIRONMENT_URL: url, CROSSWALK_CLIENT_ID: id, CROSSWALK_CLIENT_SECRET: secret } = process.env;
  if (!url || !id || !secret) {
    note('The demo needs a running server and its credentials: start it with `npm start`, put the three CROSSWALK_ lines it');
    note('prints at its first start into a file .env here, and run `npm run demo` again.');
    return 2;
  }
  const crosswalk = new Crosswalk(url, id, secret);

  const leftovers = await findLeftovers(crosswalk);
  if (leftovers.length > 0 && !process.argv.includes('--reset')) {
    note('The demo uses example IDs, and records with some of them are here already:');
    for (const { id: recordId, display_name: name } of leftovers) note(`  ${recordId}  ${name}`);
    note('If they are from a demo that was cut short, `npm run demo -- --reset` removes them first. Else use another environment.');
    return 1;
  }
  await removeAll(crosswalk, leftovers);

  say(`Crosswalk at ${url}`);
  const { organizationId, userId } = await seedPage(crosswalk);
  await stripeWebhook(crosswalk, organizationId);
  await syncEmployees(crosswalk, organizationId);
  await rekey(crosswalk, organizationId, userId);

  await removeAll(crosswalk, await findLeftovers(crosswalk));
  say('Done. The records of the demo are removed again.');
  return 0;
}

try {
  process.exitCode = await main();
} catch (error) {
  note(error instanceof CrosswalkError ? `${error.message} (${error.errorCode})` : String(error));
  process.exitCode = 1;
}
