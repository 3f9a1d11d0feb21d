import {
  MembershipRow,
  OrganizationRow,
  PermissionRow,
  RoleRow,
  type RowKind,
  type RowReference,
  rowKinds,
  type TransferRow,
  UpdateOrganization,
  UpdateUser,
  UserRow,
} from '@crosswalk/contract';
import { type ExternalKey, primarySystem } from '../external-ids/index.ts';
import { ApiError, invalid } from '../lib/api-error.ts';
import { parseDomainName } from '../lib/domain-name.ts';
import { emailKey } from '../lib/email.ts';
import { requireText } from '../lib/text.ts';
import { compileCheck } from '../transport/validation.ts';

const checks = {
  organization: compileCheck(OrganizationRow, 'row'),
  user: compileCheck(UserRow, 'row'),
  membership: compileCheck(MembershipRow, 'row'),
  role: compileCheck(RoleRow, 'row'),
  permission: compileCheck(PermissionRow, 'row'),
};

/** What the API takes of the same record: rows are held to it too. */
const bodies = { organization: compileCheck(UpdateOrganization, 'row'), user: compileCheck(UpdateUser, 'row') };

/** The kind that a row says it is of; undefined when it says none. */
export function kindOf(value: unknown): RowKind | undefined {
  const kind: unknown = Object(value).kind;
  return rowKinds.find((known) => known === kind);
}

/** Reads a row as it is staged; 400 names the field. That it is JSON, and such as we take, was seen when it came: see file.ts and csv.ts. */
export function parseRow(json: string): TransferRow {
  const value: unknown = JSON.parse(json);
  const kind = kindOf(value);
  if (kind === undefined) throw invalid('kind', 'must be organization, user, membership, role or permission', 'enum');
  const problem = checks[kind](value);
  if (problem !== undefined) throw problem;
  // The schema of its kind has taken it.
  const row = value as TransferRow;
  for (const [field, ref] of refsOf(row)) requireText(ref, 'name', field);
  const broken = bodyProblem(row);
  if (broken !== undefined) throw broken;
  return row;
}

function bodyProblem(row: TransferRow): ApiError | undefined {
  if (row.kind === 'organization') {
    const { kind: _kind, id: _id, ref: _ref, settings: _settings, default_member_role: _role, domains: _domains, ...body } = row;
    return bodies.organization(body);
  }
  if (row.kind !== 'user') return undefined;
  const { kind: _kind, id: _id, ref: _ref, ...body } = row;
  return bodies.user(body);
}

/** The names within the file that a row has and uses, each with its field. */
export function refsOf(row: TransferRow): [string, string][] {
  const used = (field: string, reference: RowReference | undefined): [string, string][] =>
    reference !== undefined && 'ref' in reference ? [[`${field}.ref`, reference.ref]] : [];
  if (row.kind === 'membership') return [...used('organization', row.organization), ...used('user', row.user)];
  if (row.kind === 'role') return used('organization', row.organization);
  if (row.kind === 'permission') return [];
  return row.ref === undefined ? [] : [['ref', row.ref]];
}

/** What a row names, as texts: rows of one batch that name the same thing take effect one after the other, in the order of the file. */
export interface RowKeys {
  /** what it may change */
  writes: string[];
  /** what must be there before it */
  reads: string[];
  /** the external IDs among them that a record has or is to have, the primary one first */
  externalIds: readonly ExternalKey[];
  /** the key of its address among them; undefined: it has none that anybody can have */
  email: string | undefined;
}

/** The keys of a row. */
export function keysOf(row: TransferRow): RowKeys {
  switch (row.kind) {
    case 'organization': {
      const externalIds = namedKeys(row);
      return {
        ...unnamed,
        externalIds,
        writes: [
          ...identityKeys(row, externalIds),
          ...(typeof row.slug === 'string' ? [`organization slug ${row.slug}`] : []),
          ...(row.domains ?? []).flatMap(({ domain, domain_type: type }) =>
            type === 'ALLOWED_EMAIL_DOMAIN' ? [] : [`domain ${parseDomainName(domain) ?? ''}`],
          ),
        ],
        reads: typeof row.default_member_role === 'string' ? [`role ${row.default_member_role}`] : [],
      };
    }
    case 'user': {
      const email = row.email === undefined ? undefined : emailKey(row.email);
      const externalIds = namedKeys(row);
      const writes = identityKeys(row, externalIds);
      if (email !== undefined) writes.push(`user email ${email}`);
      return { writes, reads: [], externalIds, email };
    }
    case 'membership': {
      const [organization, user] = [referenceKey('organization', row.organization), referenceKey('user', row.user)];
      return {
        ...unnamed,
        writes: [`membership ${organization} ${user}`],
        reads: [organization, user, ...(row.roles ?? []).map((name) => `role ${name}`)],
      };
    }
    case 'role':
      return {
        ...unnamed,
        writes: [
          `role ${row.name}`,
          ...(row.default_creator === true ? ['default creator'] : []),
          ...(row.default_member === true
            ? [`default member ${row.organization === undefined ? '' : referenceKey('organization', row.organization)}`]
            : []),
        ],
        reads: [
          ...(row.organization === undefined ? [] : [referenceKey('organization', row.organization)]),
          ...(typeof row.extends === 'string' ? [`role ${row.extends}`] : []),
          ...(row.permissions ?? []).map((name) => `permission ${name}`),
        ],
      };
    case 'permission':
      return { ...unnamed, writes: [`permission ${row.name}`], reads: [] };
  }
}

const unnamed = { externalIds: [], email: undefined };

function identityKeys({ kind, id, ref }: OrganizationRow | UserRow, externalIds: readonly ExternalKey[]): string[] {
  const keys = externalIds.map(({ system, value }) => `${kind} external ${system} ${value}`);
  if (id !== undefined) keys.push(`${kind} id ${id}`);
  if (ref !== undefined) keys.push(`${kind} ref ${ref}`);
  return keys;
}

function namedKeys({ external_id: primary, external_ids: others }: OrganizationRow | UserRow): ExternalKey[] {
  const keys: ExternalKey[] = typeof primary === 'string' ? [{ system: primarySystem, value: primary }] : [];
  for (const system in others) {
    const value = others[system];
    if (typeof value === 'string') keys.push({ system, value });
  }
  return keys;
}

function referenceKey(kind: 'organization' | 'user', reference: RowReference): string {
  if ('id' in reference) return `${kind} id ${reference.id}`;
  if ('ref' in reference) return `${kind} ref ${reference.ref}`;
  if ('email' in reference) return `${kind} email ${emailKey(reference.email) ?? ''}`;
  return `${kind} external ${reference.system ?? primarySystem} ${reference.external_id}`;
}

/** What some rows name together. */
export interface Names {
  written: ReadonlySet<string>;
  read: ReadonlySet<string>;
}

/**
 * What may be done at once of rows in the order of the file, and the others: none at once names what an earlier row names, too. Besides, what all
 * of them name.
 */
export function nextLevel<Item extends { keys: RowKeys }>(items: readonly Item[]): { level: Item[]; rest: Item[]; names: Names } {
  const [written, read] = [new Set<string>(), new Set<string>()];
  const [level, rest]: [Item[], Item[]] = [[], []];
  for (const item of items) {
    const { writes, reads } = item.keys;
    (isFree(item.keys, { written, read }) ? level : rest).push(item);
    for (const key of writes) written.add(key);
    for (const key of reads) read.add(key);
  }
  return { level, rest, names: { written, read } };
}

/** Whether a row writes nothing of what others name, and names nothing that they write. */
export function isFree({ writes, reads }: RowKeys, { written, read }: Names): boolean {
  return !writes.some((key) => written.has(key) || read.has(key)) && !reads.some((key) => written.has(key));
}

/** Turns what deciding on a row throws into the error of the row; what is no fault of the row is thrown on. */
export function errorOf(error: unknown): ApiError {
  if (error instanceof ApiError) return error;
  throw error;
}
