import { createServer } from 'node:http';
import { expect, onTestFinished, test } from 'vitest';
import { checkAccessibility } from './accessibility.ts';
import { useDashboard } from './dashboard.ts';
import { hostileTexts } from './hostile-texts.ts';
import { chooseIn, pressOn } from './keyboard.ts';

const dashboard = useDashboard();

const hostile = '<img src=x onerror=alert(1)> {{organization_name}} &amp;';

/** Makes an organization and invites people to it. */
async function invite(name: string, ...emails: string[]): Promise<string> {
  const { id } = await dashboard.crosswalk.organization.create({ display_name: name });
  for (const email of emails) await dashboard.crosswalk.user.createUserAndMembership(id, { email });
  return id;
}

test('an open invitation is sent again by mouse and revoked by keyboard, and of its organization all states are seen', async () => {
  const organizationId = await invite(hostile, 'eve@example.com', 'ada@example.com');
  const page = await dashboard.open('/invitations?state=PENDING');
  const row = page.getByRole('row', { name: 'ada@example.com' });
  await row.getByText('<img src=x onerror=alert(1)>').waitFor();
  await row.getByRole('button', { name: 'Resend the invitation of ada@example.com' }).click();
  await page.getByText('The invitation to ada@example.com is sent again').waitFor();
  const { invitations } = await dashboard.crosswalk.invitation.list(organizationId);
  expect(invitations.map(({ email, resent_count: count }) => [email, count])).toEqual([
    ['ada@example.com', 1],
    ['eve@example.com', 0],
  ]);

  await row.getByRole('button', { name: 'Revoke the invitation of ada@example.com' }).focus();
  await page.keyboard.press('Enter');
  await page.getByRole('dialog').getByText('open nothing any more').waitFor();
  await checkAccessibility(page);
  await page.getByRole('button', { name: 'Revoke invitation', exact: true }).focus();
  await page.keyboard.press('Enter');
  await row.waitFor({ state: 'detached' });
  await page.getByLabel('State').selectOption('Any state');
  await row.getByText('Revoked').waitFor();

  const search = page.getByRole('combobox', { name: 'Organization' });
  await search.fill('onerror');
  await page.getByRole('option', { name: /onerror/ }).waitFor();
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('Enter');
  await page.getByRole('row', { name: 'ada@example.com' }).getByText('Revoked').waitFor();
  expect(await page.getByRole('row', { name: 'eve@example.com' }).getByText('Open').isVisible()).toBe(true);
  expect(page.url()).toContain(`organization=${organizationId}`);
});

test('the invitations of the environment are seen by state, which the address keeps, by mouse and by keyboard', async () => {
  const { crosswalk } = dashboard;
  const organizationId = await invite(
    'In every state',
    'open@example.com',
    'accepted@example.com',
    'revoked@example.com',
    'expired@example.com',
  );
  const idOf = async (email: string) => (await crosswalk.user.getByEmail(email))?.id ?? '';
  await crosswalk.invitation.accept(organizationId, await idOf('accepted@example.com'));
  await crosswalk.invitation.revoke(organizationId, await idOf('revoked@example.com'));
  await dashboard.server.database.pool.query(
    "update memberships set invite_expire_time = now() - interval '1 second' where organization_id = $1 and user_id = $2",
    [organizationId.slice(4), (await idOf('expired@example.com')).slice(4)],
  );
  const page = await dashboard.open('/invitations');
  const rowOf = (email: string) => page.getByRole('row', { name: email });
  const shown = async () => {
    const texts = await page.getByRole('row').allInnerTexts();
    return ['open', 'accepted', 'revoked', 'expired'].filter((name) => texts.some((text) => text.includes(`${name}@example.com`)));
  };
  await rowOf('open@example.com').waitFor();
  expect(await shown()).toEqual(['open', 'accepted', 'revoked', 'expired']);
  expect(await page.getByRole('button', { name: /^(?:Resend|Revoke) .* (?:accepted|revoked)@example\.com$/ }).count()).toBe(0);
  await checkAccessibility(page);
  await page.getByLabel('State').selectOption('Accepted');
  await expect.poll(shown).toEqual(['accepted']);
  expect(new URL(page.url()).searchParams.get('state')).toBe('ACCEPTED');
  await page.reload();
  await rowOf('accepted@example.com').waitFor();
  expect(await shown()).toEqual(['accepted']);
  await chooseIn(page, page.getByLabel('State'), 'Revoked');
  await expect.poll(shown).toEqual(['revoked']);
  expect(new URL(page.url()).searchParams.get('state')).toBe('REVOKED');
  // From one to the next: letters that follow at once would go on with the first word.
  for (const _ of ['Accepted', 'Expired']) await page.keyboard.press('ArrowUp');
  await expect.poll(shown).toEqual(['expired']);
  await pressOn(page, page.getByRole('button', { name: 'Resend the invitation of expired@example.com' }));
  await rowOf('expired@example.com').waitFor({ state: 'detached' });
  expect((await crosswalk.invitation.listAll({ state: 'PENDING', pageSize: 100 })).invitations.map(({ email }) => email)).toContain(
    'expired@example.com',
  );
});

test('a viewer sees invitations, whatever organizations are called, and cannot change them, and reads no mail', async () => {
  // Those that the API refuses are nobody's name.
  const made = await Promise.allSettled(hostileTexts.map((name, index) => invite(name, `viewed-${index}@example.com`)));
  // Characters that are not seen are shown by their number.
  const names = hostileTexts.filter((text, index) => made[index]?.status === 'fulfilled' && !/\p{Cf}/u.test(text));
  expect(names.length).toBeGreaterThan(15);
  const page = await dashboard.open('/invitations', { role: 'viewer' });
  await page.getByText('viewed-0@example.com').waitFor();
  const cells = await page.getByRole('row').locator('td:nth-child(3) bdi').allTextContents();
  expect(cells).toEqual(expect.arrayContaining(names));
  expect(await page.evaluate(() => 'pwned' in window)).toBe(false);
  expect(await page.getByRole('button', { name: /Resend|Revoke/ }).count()).toBe(0);
  await page.getByRole('link', { name: 'Mailbox' }).click();
  await page.getByText('Editors and admins read mails').waitFor();
});

test('a kept mail is read with its link, in a frame that runs no script and asks nobody for anything', async () => {
  // Somebody who would like to know who reads: what the browser refuses to ask for may still be told as a request by its protocol.
  const asked: string[] = [];
  const spy = createServer((request, response) => {
    asked.push(request.url ?? '');
    response.end();
  });
  await new Promise<void>((resolve) => spy.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void spy.close());
  const address = spy.address();
  const image = `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}/spy.png`;
  await dashboard.crosswalk.invitation.updateSettings({
    templates: {
      en: {
        subject: 'Come to {{organization_name}}',
        text: 'Here: {{accept_url}}',
        html: `<script>top.document.title = "owned"</script><img src="${image}"><p>Be <b>welcome</b></p><a href="{{accept_url}}">Come in</a>`,
      },
    },
  });
  await invite('Mailers', 'reader@example.com');
  const page = await dashboard.open('/mailbox', { refused: /sandboxed|Content Security Policy/ });
  await page.getByRole('row', { name: 'reader@example.com' }).getByRole('button', { name: 'Come to Mailers' }).focus();
  await page.keyboard.press('Enter');
  const dialog = page.getByRole('dialog');
  await page.frameLocator('iframe').getByText('welcome').waitFor();
  await page.frameLocator('iframe').getByRole('link', { name: 'Come in' }).click();
  expect(await page.title()).toBe('Mailbox · Crosswalk');
  expect(asked).toEqual([]);
  await checkAccessibility(page);
  const link = await dialog.getByRole('button', { name: /^Copy link http/ }).innerText();
  expect(link).toMatch(/\/invitations\//);
  await dialog.getByText('Text', { exact: true }).click();
  await dialog.getByText(`Here: ${link}`).waitFor();
});

test('an environment without invitations tells how they come', async () => {
  const page = await dashboard.open('/invitations?state=EXPIRED', { theme: 'dark' });
  await page.getByText('None in this state').waitFor();
  const mailbox = await dashboard.open('/mailbox?state=FAILED');
  await mailbox.getByText('None in this state').waitFor();
});
