import type {
  Event,
  Matched,
  Membership,
  MetadataIndex,
  Organization,
  ResolveAnswer,
  ResolveMatch,
  SigningKey,
  User,
  WebhookDelivery,
  WebhookEndpoint,
} from '@crosswalk/sdk';
import { paint } from './paint.ts';

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

/** An organization in one line. */
export function printOrganizationLine({ id, display_name: name, external_id: externalId, external_ids: ids }: Organization): string {
  return line([id, name, externalIdsIn(externalId, ids)]);
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

/** A user in one line. */
export function printUserLine({ id, email, external_id: externalId, external_ids: ids }: User): string {
  return line([id, email, externalIdsIn(externalId, ids)]);
}

/** A membership for people to read. */
export function printMembership(membership: Membership): string {
  return lines(`${membership.user_id} in ${membership.organization_id}`, [
    ['id', membership.id],
    ['status', membership.membership_status],
    ['roles', membership.roles.map(({ name }) => name).join(', ')],
    ...metadata(membership),
    ['invited by', membership.inviter_email],
    ['joined', membership.join_time],
    ['invitation ends', membership.expires_at],
    ...history(membership),
  ]);
}

/** A membership in one line. */
export function printMembershipLine(membership: Membership): string {
  return line([membership.organization_id, membership.user_id, describe(membership)]);
}

/** What happened, in one line. */
export function printEvent({
  occurred_at: time,
  type,
  record_id: id,
  record_version: version,
  external_id,
  changed,
  actor,
}: Event): string {
  const changes = Object.entries(changed).map(([path, [old, now]]) => `${path} ${shortJson(old)} -> ${shortJson(now)}`);
  const who = actor.id === null ? actor.type : actor.id;
  return line([time, type, `${id} v${version}`, external_id ?? '-', changes.join(', ') || '-', `by ${who}`]);
}

/** A webhook endpoint for people to read. */
export function printEndpoint(endpoint: WebhookEndpoint): string {
  return lines(endpoint.url, [
    ['id', endpoint.id],
    ['status', [endpoint.status, endpoint.disabled_reason].filter(Boolean).join(' ')],
    ['failing since', endpoint.failing_since],
    ['events', endpoint.event_types.join(', ') || 'all'],
    ['description', endpoint.description],
    ['old secret until', endpoint.previous_secret_expire_time],
    ...history(endpoint),
  ]);
}

/** What was sent, one line per delivery. */
export function printDelivery({ event_id: id, event_type: type, record_id: record, status, attempts, log }: WebhookDelivery): string {
  const color = { DELIVERED: paint.green, PENDING: paint.yellow, FAILED: paint.red }[status];
  const last = log[0];
  const detail = last?.error ?? (last === undefined ? '' : `${last.response_status} in ${last.duration_ms} ms`);
  return `${id}  ${color(status.padEnd(9))}  ${type}  ${record}  ${paint.dim(`${attempts}x ${safe(detail)}`)}\n`;
}

/** A signing key in one line: what it does, and since or until when. */
export function printSigningKey({ id, kid, state, sign_time, retire_time, revoke_time }: SigningKey): string {
  const times = {
    NEXT: `from ${sign_time}`,
    SIGNING: `since ${sign_time}`,
    VERIFYING: `until ${retire_time}`,
    RETIRED: `since ${retire_time}`,
    REVOKED: `since ${revoke_time}`,
  };
  const color = { NEXT: paint.yellow, SIGNING: paint.green, VERIFYING: paint.yellow, RETIRED: paint.dim, REVOKED: paint.red }[state];
  return `${id}  ${color(state.padEnd(9))}  ${times[state]}  ${paint.dim(kid)}\n`;
}

/** An index of metadata in one line, and why it could not be built. */
export function printMetadataIndex({ id, kind, key, type, state, error }: MetadataIndex): string {
  const color = { BUILDING: paint.yellow, READY: paint.green, FAILED: paint.red }[state];
  return `${id}  ${color(state.padEnd(8))}  ${kind}  ${safe(key)}  ${type}${error === null ? '' : `  ${paint.dim(safe(error))}`}\n`;
}

/** Where IDs lead, one line per match. */
export function printResolved(results: ResolveAnswer['results']): string {
  return results
    .flatMap(({ value, matches }) =>
      matches.length === 0
        ? [`${safe(value)}  ${paint.red('nothing')}\n`]
        : matches.map((match) => `${safe(value)}  ${printMatch(match)}\n`),
    )
    .join('');
}

function printMatch({ id, display_name: name, matched_by: how, system }: ResolveMatch): string {
  return `${id}  ${safe(name)}  ${paint.dim(`by ${how}${system === null ? '' : ` of ${system}`}`)}`;
}

function line(parts: readonly string[]): string {
  return `${parts.filter(Boolean).map(safe).join('  ')}\n`;
}

function externalIdsIn(primary: string | null, others: Record<string, string>): string {
  return [...(primary === null ? [] : [primary]), ...Object.entries(others).map(([system, id]) => `${system}=${id}`)].join(' ');
}

/** The longest value that a line shows whole. Characters. */
const shown = 60;

/** A value as JSON, cut where it is long. */
export function shortJson(value: unknown): string {
  const text = JSON.stringify(value) ?? 'null';
  return text.length > shown ? `${text.slice(0, shown)}…` : text;
}

type Row = [name: string, value: string | null | undefined];

function lines(title: string, rows: Row[]): string {
  const shown = rows.filter(([, value]) => value);
  const width = Math.max(...shown.map(([name]) => name.length));
  return [
    paint.bold(safe(title)),
    ...shown.map(([name, value]) => `  ${paint.dim(safe(name).padEnd(width))}  ${safe(value ?? '')}`),
    '',
  ].join('\n');
}

function externalIds(record: Organization | User | Matched<Organization | User>): Row[] {
  const isFormer = 'matched_by' in record && record.matched_by === 'alias';
  return [
    ['external ID', record.external_id],
    ...Object.entries(record.external_ids).map(([system, id]): Row => [`${system} ID`, id]),
    ['found by', isFormer ? 'an ID that it used to have' : null],
  ];
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

/** A number for people to read. */
export function figure(count: number): string {
  return count.toLocaleString('en');
}

/** Text of records must not steer the terminal: no control characters, and none that turn the direction of the text around. */
export function safe(text: string): string {
  return text.replace(/[\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069]/gu, '\ufffd');
}

/** The same for text of several lines. */
export function safeLines(text: string): string {
  return text.split('\n').map(safe).join('\n');
}
