import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { expect, inject, test } from 'vitest';
import { startReceiver } from '../../server/src/webhooks/testing.ts';
import { checkAccessibility, turnTo } from './accessibility.ts';
import { useDashboard } from './dashboard.ts';

const dashboard = useDashboard({ webhooks: { allow: ['127.0.0.0/8'] } });
const run = promisify(execFile);

/** A text of the dashboard as a program and its arguments. */
type Text = [program: string, args: string[]];

/** Runs a text of the dashboard as whoever copies it does: with the credentials of a client beside it. */
async function runAs([program, args]: Text): Promise<string> {
  const { clientId, clientSecret } = dashboard.server.client;
  const env = { PATH: process.env.PATH, CROSSWALK_CLIENT_ID: clientId, CROSSWALK_CLIENT_SECRET: clientSecret, NO_COLOR: '1' };
  return (await run(program, args, { env, cwd: import.meta.dirname })).stdout;
}

test('the code that a page shows answers what is on the page, in every language it is shown in', { timeout: 600_000 }, async () => {
  const { crosswalk } = dashboard;
  dashboard.server.startWork();
  const receiver = await startReceiver();
  const { webhook_endpoint: endpoint } = await crosswalk.webhookEndpoint.create({ url: receiver.url, event_types: ['user.created'] });
  const { id: organizationId } = await crosswalk.organization.create({ display_name: 'Shown by \'code\' & "co"', external_id: 'CODE-1' });
  await crosswalk.organization.update(organizationId, { metadata: { shown: 'in-history' } });
  const { user } = await crosswalk.user.createUserAndMembership(organizationId, { email: 'coded@example.com' });
  await crosswalk.system.put('erp', { label: 'Coded system' });
  await crosswalk.role.create({ name: 'coder', display_name: 'Coded role' });
  await crosswalk.client.create({ name: 'Coded client' });
  await crosswalk.metadataIndex.create({ kind: 'user', key: 'metadata.coded', type: 'text' });
  const { id: importId } = await crosswalk.imports.create('{"kind":"organization","display_name":"x"}');
  await receiver.waitFor(1, 60_000);
  const page = await dashboard.open('/overview');
  await page.getByText('As of').waitFor();
  const pages = [
    [`/organizations/${organizationId}`, 'CODE-1'],
    [`/organizations/${organizationId}?tab=memberships`, user.id],
    [`/organizations/${organizationId}?tab=history`, 'in-history'],
    [`/users/${user.id}?tab=memberships`, organizationId],
    [`/search?q=${encodeURIComponent("Shown by 'code'")}`, organizationId],
    ['/invitations', user.id],
    ['/invitations?state=PENDING', 'PENDING'],
    [`/invitations?organization=${organizationId}`, 'coded@example.com'],
    ['/mailbox?state=KEPT', 'coded@example.com'],
    ['/webhooks', endpoint.id],
    [`/webhooks/${endpoint.id}?status=DELIVERED`, user.id],
    [`/imports/${importId}`, importId],
    ['/overview', 'pending_invitations'],
    ['/settings', 'Coded client'],
    ['/settings?tab=systems', 'Coded system'],
    ['/settings?tab=roles', 'Coded role'],
    ['/settings?tab=operators', 'admin@example.com'],
    ['/settings?tab=indexes', 'metadata.coded'],
    ['/settings?tab=signing-keys', 'SIGNING'],
    ['/settings?tab=invitations', 'invitation_days'],
  ] as const;
  for (const [turn, [path, expected]] of pages.entries()) {
    await page.goto(`${dashboard.server.url}/dashboard/${dashboard.environmentId}${path}`);
    await page.getByRole('button', { name: 'Code', exact: true }).click();
    const inCurl: Text = ['bash', ['-c', await page.getByRole('region', { name: 'As curl' }).innerText()]];
    await page.getByRole('tab', { name: 'Node' }).click();
    const inNode: Text = [process.execPath, ['--input-type=module', '-e', await page.getByRole('region', { name: 'In Node' }).innerText()]];
    const all = [inCurl, inNode];
    const command = page.getByRole('tab', { name: 'Command line' });
    if ((await command.count()) > 0) {
      await command.click();
      all.push(['bash', ['-c', withUrl(await page.getByRole('region', { name: 'On the command line' }).innerText())]]);
    }
    // Each program takes a busy machine a second, so the short form tries one of each page, and all of them in turn.
    const texts = inject('long') ? all : all.filter((_text, index) => index === turn % all.length);
    const answers = await Promise.all(texts.map(runAs));
    expect(answers, path).toEqual(answers.map(() => expect.stringContaining(expected)));
  }
  for (const theme of ['light', 'dark'] as const) {
    await turnTo(page, theme);
    await checkAccessibility(page);
  }
});

/** The command with the server that it is to ask, which it reads from a file `.env` or a profile otherwise. */
function withUrl(command: string): string {
  return `CROSSWALK_ENVIRONMENT_URL=${dashboard.server.url} ${command}`;
}
