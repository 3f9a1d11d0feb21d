import type { Crosswalk, Organization, User } from '@crosswalk/sdk';

/** Records that the pages show, among others. */
export interface Seed {
  organization: Organization;
  user: User;
}

const names = ['Acme Corporation', 'Globex', 'Initech', 'Umbrella Health', 'Hooli', 'Stark Industries', 'Wayne Enterprises', 'Wonka'];
const people = ['Ada Lovelace', 'Grace Hopper', 'Alan Turing', 'Katherine Johnson', 'Edsger Dijkstra', 'Barbara Liskov', 'Radia Perlman'];

/** Fills the environment with a few records of every sort, with IDs, metadata, memberships and a history. */
export async function seed(crosswalk: Crosswalk): Promise<Seed> {
  const organizations = await Promise.all(
    names.map((name, index) =>
      crosswalk.organization.create({
        display_name: name,
        external_id: `CUST-${10_245 + index * 17}`,
        external_ids: { stripe: `cus_Nffrf1gZ0uCj${index}`, ...(index % 2 === 0 ? { salesforce: `0015g00000XyZa${index}AAB` } : {}) },
        metadata: {
          plan: index % 3 === 0 ? 'enterprise' : 'starter',
          seats: 25 + index * 40,
          trial: index === 5,
          billing: { contact: `billing@${name.split(' ')[0]?.toLowerCase()}.example`, net_days: 30 },
          tags: ['emea', `cohort-${2020 + index}`],
        },
      }),
    ),
  );
  const users = await Promise.all(
    people.map((name, index) => {
      const [given_name = '', family_name = ''] = name.split(' ');
      return crosswalk.user.createUser({
        email: `${given_name.toLowerCase()}@example.com`,
        external_id: `HR-${4_000 + index}`,
        external_ids: { workday: `WD-${index}` },
        user_profile: { given_name, family_name },
        metadata: { department: index % 2 === 0 ? 'Sales' : 'Engineering', quota: 150_000 + index },
      });
    }),
  );
  const [organization] = organizations;
  const [user] = users;
  if (organization === undefined || user === undefined) throw new Error('there are no names to make records of');
  for (const { id } of users)
    await crosswalk.membership.create(organization.id, id, { send_invitation_email: false, metadata: { cost_center: 4711, desk: 'B-12' } });
  await crosswalk.membership.create(organizations[1]?.id ?? '', user.id);
  await crosswalk.organization.update(organization.id, { metadata: { seats: 300, plan: null } });
  await crosswalk.organization.update(organization.id, { metadata: { plan: 'enterprise' }, external_id: 'CUST-ACME-EU' });
  await crosswalk.user.updateUser(user.id, { metadata: { quota: 175_000 }, external_ids: { workday: 'WD-1815' } });
  for (const domain of ['acme.example', 'acme-corporation.example']) await crosswalk.domain.create(organization.id, { domain });
  await crosswalk.domain.create(organization.id, { domain: 'mail.acme.example', domainType: 'ALLOWED_EMAIL_DOMAIN' });
  return { organization: await crosswalk.organization.get(organization.id), user: await crosswalk.user.getUser(user.id) };
}
