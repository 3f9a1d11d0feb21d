import type { Membership, Organization, ResolveAnswer, ResolveMatch, User } from '@crosswalk/sdk';
import pc from 'picocolors';

/** An organization for people to read. */
export function printOrganization(organization: Organization): string {
  return lines(organization.display_name, [
    ['id', organization.id],
    ...externalIds(organization),
    ['slug', organization.slug],
    ['region', organization.region_code],
    ...metadata(organization),
    ...history(organization),
  ]);
}

/** A user for people to read, with their memberships. */
export function printUser(user: User): string {
  return lines(user.email, [
    ['id', user.id],
    ['name', user.user_profile.name ?? [user.user_profile.given_name, user.user_profile.family_name].filter(Boolean).join(' ')],
    ...externalIds(user),
    ...metadata(user),
    ...user.memberships.map((membership): Row => [membership.organization_id, describe(membership)]),
    ...history(user),
  ]);
}

/** Where IDs lead, one line per match. */
export function printResolved(results: ResolveAnswer['results']): string {
  return results
    .flatMap(({ value, matches }) =>
      matches.length === 0 ? [`${safe(value)}  ${pc.red('nothing')}\n`] : matches.map((match) => `${safe(value)}  ${printMatch(match)}\n`),
    )
    .join('');
}

function printMatch({ id, display_name: name, matched_by: how, system }: ResolveMatch): string {
  return `${id}  ${safe(name)}  ${pc.dim(`by ${how}${system === null ? '' : ` of ${system}`}`)}`;
}

type Row = [name: string, value: string | null | undefined];

function lines(title: string, rows: Row[]): string {
  const shown = rows.filter(([, value]) => value);
  const width = Math.max(...shown.map(([name]) => name.length));
  return [pc.bold(safe(title)), ...shown.map(([name, value]) => `  ${pc.dim(safe(name).padEnd(width))}  ${safe(value ?? '')}`), ''].join(
    '\n',
  );
}

function externalIds({ external_id, external_ids }: { external_id: string | null; external_ids: Record<string, string> }): Row[] {
  return [['external ID', external_id], ...Object.entries(external_ids).map(([system, id]): Row => [`${system} ID`, id])];
}

function metadata(record: { metadata: object }): Row[] {
  return Object.entries(record.metadata).map(([key, value]): Row => [`metadata.${key}`, JSON.stringify(value)]);
}

function history({ version, create_time, update_time }: { version: number; create_time: string; update_time: string }): Row[] {
  return [
    ['version', String(version)],
    ['created', create_time],
    ['updated', update_time],
  ];
}

function describe({ membership_status, roles }: Membership): string {
  return [membership_status, ...roles.map(({ name }) => name)].join(' ');
}

/** Text of records must not steer the terminal. */
export function safe(text: string): string {
  return text.replace(/\p{Cc}/gu, '\ufffd');
}
