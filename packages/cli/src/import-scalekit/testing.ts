import { Crosswalk, type Membership, type Organization, type Role, type User } from '@crosswalk/sdk';
import type { TestClient } from '../../../server/src/testing.ts';
import { run } from '../run.ts';

/** An environment of a test server, with a client of ours. */
export interface TestEnvironment {
  url: string;
  client: TestClient;
  crosswalk: Crosswalk;
}

export function environmentOf(url: string, client: TestClient): TestEnvironment {
  return { url, client, crosswalk: new Crosswalk(url, client.clientId, client.clientSecret) };
}

/** The environment variables of an import from one environment into another. */
export function variablesOf(source: TestEnvironment, target: TestEnvironment): Record<string, string> {
  return {
    SCALEKIT_ENVIRONMENT_URL: source.url,
    SCALEKIT_CLIENT_ID: source.client.clientId,
    SCALEKIT_CLIENT_SECRET: source.client.clientSecret,
    CROSSWALK_ENVIRONMENT_URL: target.url,
    CROSSWALK_CLIENT_ID: target.client.clientId,
    CROSSWALK_CLIENT_SECRET: target.client.clientSecret,
  };
}

/** What a command printed, and its exit status. */
export interface Outcome {
  status: number;
  out: string;
  err: string;
  /** the counts of the summary, which `--json` prints; undefined without one */
  summary: ReturnType<typeof Object>;
}

/** Runs the import in this process. */
export async function runImport(env: Record<string, string>, ...args: string[]): Promise<Outcome> {
  let [out, err] = ['', ''];
  const status = await run(['import', 'scalekit', '--json', ...args], env, {
    out: (text) => {
      out += text;
    },
    err: (text) => {
      err += text;
    },
  });
  return { status, out, err, summary: out === '' ? undefined : Object(JSON.parse(out)) };
}

/**
 * All that an import brings, as the SDK reads it, with the IDs of Scalekit in place of those of Crosswalk: equal for a source and for
 * what was imported from it. What no import can bring is left out: versions, times, the progress of invitations.
 */
export async function portraitOf({ crosswalk }: TestEnvironment, side: 'source' | 'target') {
  const idOf = ({ id, external_ids: ids }: { id: string; external_ids: Record<string, string> }) =>
    side === 'source' ? id : (ids.scalekit ?? `not imported: ${id}`);
  const organizationIds = new Map<string, string>();
  const organizations: Record<string, unknown> = {};
  for await (const organization of crosswalk.organization.list({ pageSize: 100 })) {
    organizationIds.set(organization.id, idOf(organization));
    const roles = (await crosswalk.role.list({ organizationId: organization.id, include: 'permissions' })).filter(
      (role) => role.is_org_role,
    );
    organizations[idOf(organization)] = { ...organizationPortrait(organization), roles: roles.map(rolePortrait).sort(byName) };
  }
  const users: Record<string, unknown> = {};
  for await (const user of crosswalk.user.listUsers({ pageSize: 100 })) users[idOf(user)] = userPortrait(user, organizationIds);
  const permissions: Record<string, string> = {};
  for await (const { name, description } of crosswalk.permission.list({ pageSize: 100 })) permissions[name] = description;
  const roles = await crosswalk.role.list({ include: 'permissions' });
  return { permissions, roles: roles.map(rolePortrait).sort(byName), organizations, users };
}

function organizationPortrait(organization: Organization) {
  const { display_name, external_id, metadata, region_code, slug, logo_url, settings, default_member_role } = organization;
  const others = Object.entries(organization.external_ids).filter(([system]) => system !== 'scalekit');
  // Scalekit's message has no region that is not known.
  return { display_name, external_id, others, metadata, region_code: region_code ?? 'US', slug, logo_url, settings, default_member_role };
}

function userPortrait({ email, external_id, metadata, user_profile, memberships }: User, organizationIds: Map<string, string>) {
  return {
    email,
    external_id,
    metadata,
    user_profile,
    memberships: memberships
      .map((membership) => membershipPortrait(membership, organizationIds))
      .sort((a, b) => a.organization.localeCompare(b.organization)),
  };
}

function membershipPortrait({ organization_id, membership_status, roles, metadata }: Membership, organizationIds: Map<string, string>) {
  const names = roles.map(({ name }) => name).sort();
  return { organization: organizationIds.get(organization_id) ?? organization_id, membership_status, roles: names, metadata };
}

function rolePortrait({ name, display_name, description, extends: base, default_creator, default_member, permissions = [] }: Role) {
  return { name, display_name, description, base, default_creator, default_member, permissions: permissions.map((one) => one.name).sort() };
}

function byName(a: { name: string }, b: { name: string }): number {
  return a.name.localeCompare(b.name);
}

/** The versions of all records that have one, by ID: equal as long as nothing is written. */
export async function versionsOf({ crosswalk }: TestEnvironment): Promise<Record<string, number>> {
  const versions: Record<string, number> = {};
  const note = ({ id, version }: { id: string; version: number }) => {
    versions[id] = version;
  };
  for await (const organization of crosswalk.organization.list({ pageSize: 100 })) {
    note(organization);
    (await crosswalk.role.list({ organizationId: organization.id })).forEach(note);
  }
  for await (const user of crosswalk.user.listUsers({ pageSize: 100 })) [user, ...user.memberships].forEach(note);
  for await (const permission of crosswalk.permission.list({ pageSize: 100 })) note(permission);
  return versions;
}
