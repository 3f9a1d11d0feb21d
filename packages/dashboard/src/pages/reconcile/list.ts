import {
  ColumnMapping,
  type ImportPresetName,
  importPreset,
  listPreset,
  MappingError,
  type MappingOptions,
  type ReconcileItem,
  type ReconcileRequest,
  reconcileItemsOfCsv,
  reconcileItemsOfLines,
} from '@crosswalk/sdk';
import type { CellType } from '../../imports/columns.ts';
import { normal } from '../../imports/columns.ts';
import type { SourceFile } from '../../imports/source-file.ts';
import { keyOf, suggestKind, suggestPreset, typeOf } from '../../imports/suggestions.ts';

/** What a column of a list is. */
export interface ListTarget {
  /** `id`, `name`, `email`, `domain`, `metadata`; empty: it is not compared */
  field: string;
  /** of `metadata`: the key here */
  name: string;
  type: CellType;
}

/** How a list is read, while somebody decides it. */
export interface ListDraft {
  origin: ImportPresetName | 'custom';
  kind: 'organization' | 'user';
  /** the name of the system; empty: the list has the primary external IDs */
  system: string;
  /** by column of the file, of `custom` */
  targets: ListTarget[];
}

/** Entries of one comparison. */
const mostEntries = 100_000;

const names: Record<string, string[]> = {
  id: ['id', 'externalid', 'key', 'customerid', 'accountid', 'recordid', 'employeeid', 'userid', 'number'],
  name: ['name', 'displayname', 'company', 'companyname', 'accountname', 'organization', 'fullname', 'customer'],
  email: ['email', 'emailaddress', 'mail', 'workemail'],
  domain: ['domain', 'website', 'companydomainname', 'site', 'url'],
};

/** What is suggested for a list. */
export function firstList(source: SourceFile, systems: readonly string[]): ListDraft {
  const { header, records } = source;
  const origin = suggestPreset(header) ?? 'custom';
  const preset = origin === 'custom' ? undefined : importPreset(origin);
  const kind = preset?.rows[0].kind === 'user' || (preset === undefined && suggestKind(header) === 'user') ? 'user' : 'organization';
  // The file is often called after the system.
  const system = preset?.system ?? systems.find((name) => normal(source.name).includes(normal(name))) ?? '';
  const taken = new Set<string>();
  const targets = header.map((column, index): ListTarget => {
    const bare = normal(column);
    const values = records.map(({ cells }) => cells[index] ?? '').filter((cell) => cell !== '');
    const field = Object.entries(names).find(
      ([one, all]) => !taken.has(one) && (one !== 'domain' || kind === 'organization') && all.includes(bare),
    )?.[0];
    const own = system !== '' && !taken.has('id') && bare === `${normal(system)}id` ? 'id' : field;
    if (own !== undefined) taken.add(own);
    return { field: own ?? '', name: keyOf(column), type: typeOf(values) };
  });
  return { origin, kind, system, targets };
}

/** Why a list cannot be compared as it is read now; undefined: it can. */
export function listProblem({ format, header }: SourceFile, draft: ListDraft): string | undefined {
  if (format === 'ndjson') return undefined;
  try {
    const mapping = new ColumnMapping(header, optionsOf(header, draft));
    return mapping.header.includes('id') ? undefined : 'Say which column has the IDs of that system.';
  } catch (error) {
    if (error instanceof MappingError) return error.message;
    throw error;
  }
}

/** Reads a list; what comes of it is compared. Throws a `MappingError`. */
export async function readList(source: SourceFile, draft: ListDraft): Promise<ReconcileRequest> {
  const { readCsv, linesOf } = await import('../../imports/csv.ts');
  const entries =
    source.format === 'csv'
      ? reconcileItemsOfCsv(readCsv(source.file), draft.kind, optionsOf(source.header, draft))
      : reconcileItemsOfLines(linesOf(source.file));
  const items: ReconcileItem[] = [];
  for await (const item of entries) {
    items.push(item);
    if (items.length > mostEntries)
      throw new MappingError('the list has more than 100,000 entries: compare it in parts, or by the command line (crosswalk reconcile)');
  }
  if (items.length === 0) throw new MappingError('the list has no entries');
  return { kind: draft.kind, ...(draft.system.trim() === '' ? {} : { system: draft.system.trim() }), items };
}

function optionsOf(header: readonly string[], { origin, kind, targets }: ListDraft): MappingOptions {
  const preset = origin === 'custom' ? undefined : importPreset(origin);
  if (preset !== undefined) return { preset: listPreset(preset) };
  const map: Record<string, string> = {};
  for (const [index, { field, name, type }] of targets.entries()) {
    const column = header[index] ?? '';
    if (field === '' || column === '' || header.indexOf(column) !== index) continue;
    const target = field === 'metadata' ? `metadata.${name}${type === 'text' ? '' : `:${type}`}` : field;
    map[target] = map[target] === undefined ? column : `${map[target]}|${column}`;
  }
  return { kind, map };
}
