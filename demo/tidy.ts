import type { Crosswalk, ResolveMatch } from '@crosswalk/sdk';
import { hrSystem } from './hr-file.ts';

/** Every ID that the demo gives. */
const organizations = ['CUST-12345-ACME', 'NEW-CUST-12345-ACME', 'ACME-EU-0001'].map((value) => ({ kind: 'organization' as const, value }));
const stripe = { kind: 'organization' as const, value: 'cus_Nffrf1gZ0uCj2f', system: 'stripe' };
const employees = Array.from({ length: 6 }, (_, index) => ({ kind: 'user' as const, value: `EMP-010${index + 1}`, system: hrSystem }));
const john = [
  { kind: 'user' as const, value: 'SALESFORCE-003921' },
  { kind: 'user' as const, value: 'john.doe@company.com' },
];

/** The records that have one of the demo's IDs. */
export async function findLeftovers(crosswalk: Crosswalk): Promise<ResolveMatch[]> {
  const results = await crosswalk.resolve([...organizations, stripe, ...employees, ...john]);
  return [...new Map(results.flatMap(({ matches }) => matches).map((match) => [match.id, match])).values()];
}

/** Removes these records. */
export async function removeAll(crosswalk: Crosswalk, matches: ResolveMatch[]): Promise<void> {
  for (const { kind, id } of matches) await (kind === 'organization' ? crosswalk.organization.delete(id) : crosswalk.user.deleteUser(id));
}
