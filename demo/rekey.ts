import type { Crosswalk } from '@crosswalk/sdk';
import { code, say, step } from './narrate.ts';

/** A change of customer IDs: the old one keeps resolving, and the answer tells whoever still uses it. */
export async function rekey(crosswalk: Crosswalk, organizationId: string, userId: string): Promise<void> {
  say('4. IDs change, and nobody is lost');

  code("resolve(['CUST-12345-ACME', 'cus_Nffrf1gZ0uCj2f', 'JOHN.DOE@company.com', 'EMP-0104'])");
  for (const { value, matches } of await crosswalk.resolve(['CUST-12345-ACME', 'cus_Nffrf1gZ0uCj2f', 'JOHN.DOE@company.com', 'EMP-0104'])) {
    const [match] = matches;
    const of = match?.system == null ? '' : ` of ${match.system}`;
    const until = match?.alias_expires_at === undefined ? '' : ` (until ${match.alias_expires_at.slice(0, 10)}; now ${match.external_id})`;
    step(`${value.padEnd(20)} is ${match?.id} ${match?.display_name}: by ${match?.matched_by}${of}${until}`);
  }

  code("rekey({ kind: 'organization', pairs: [{ from: 'NEW-CUST-12345-ACME', to: 'ACME-EU-0001' }], dry_run: true })");
  const pairs = [{ from: 'NEW-CUST-12345-ACME', to: 'ACME-EU-0001' }];
  const plan = await crosswalk.rekey({ kind: 'organization', pairs, dry_run: true });
  step(`would change ${plan.rekeyed} and leave ${plan.unchanged}`);
  await crosswalk.rekey({ kind: 'organization', pairs });
  const old = await crosswalk.organization.getByExternalId('NEW-CUST-12345-ACME');
  step(`NEW-CUST-12345-ACME still finds ${old?.id}, whose ID is now ${old?.external_id}`);

  code('organization.update(organizationId, { metadata: … }, { ifMatch: 1 })');
  const refused = await crosswalk.organization.update(organizationId, { metadata: { owner: 'me' } }, { ifMatch: 1 }).catch(String);
  step(`a change to an old version is refused: ${String(refused)}`);

  code("organization.create({ display_name: 'Impostor', external_id: 'ACME-EU-0001' })");
  const taken = await crosswalk.organization.create({ display_name: 'Impostor', external_id: 'ACME-EU-0001' }).catch(String);
  step(`a second record under the same ID is refused: ${String(taken)}`);
  const { memberships } = await crosswalk.user.getUser(userId);
  step(`and John Doe is still a member of ${memberships.length} organization`);
}
