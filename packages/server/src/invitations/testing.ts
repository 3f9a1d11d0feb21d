import { beforeAll } from 'vitest';
import { type TestServer, useTestServer } from '../testing.ts';

/** A server with an organization, and what tests of invitations do on it. */
export function useInvitingServer() {
  const server = useTestServer();
  const request: TestServer['client']['request'] = (...call) => server.client.request(...call);
  let organizationId = '';
  let count = 0;
  beforeAll(async () => {
    organizationId = await newOrganization();
  });

  async function newOrganization(): Promise<string> {
    const { body } = await request('POST', '/api/v1/organizations', { display_name: 'Inviting' });
    return Object(body).organization.id;
  }

  return {
    server,
    request,
    newOrganization,
    /** the ID of the organization that people are invited to; use it inside a test */
    organization: () => organizationId,
    /** A person who is invited, or with other fields a member in another way. */
    async invite(fields: object = {}, organization = organizationId) {
      count += 1;
      const email = `invited${count}@example.com`;
      const { body } = await request('POST', `/api/v1/organizations/${organization}/users`, {
        email,
        external_id: `INVITED-${count}`,
        membership: { inviter_email: 'boss@example.com' },
        ...fields,
      });
      const { user, membership, invitation } = Object(body);
      return { userId: String(user.id), membershipId: String(membership.id), invitation, email, externalId: `INVITED-${count}` };
    },
    async membershipOf(userId: string, organization = organizationId) {
      return Object((await request('GET', `/api/v1/memberships/organizations/${organization}/users/${userId}`)).body).membership;
    },
    /** Lets time pass: the invitation ends a second ago. */
    async expire(membershipId: string): Promise<void> {
      await server.database.pool.query("update memberships set invite_expire_time = now() - interval '1 second' where id = $1", [
        membershipId.slice(4),
      ]);
    },
    async eventsOf(membershipId: string): Promise<Record<string, unknown>[]> {
      const { rows } = await server.database.pool.query('select * from events where record_id = $1 order by sequence', [
        membershipId.slice(4),
      ]);
      return rows;
    },
  };
}
