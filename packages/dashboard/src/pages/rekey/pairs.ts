import { CrosswalkError, MappingError, type RekeyRequest } from '@crosswalk/sdk';
import { normal } from '../../imports/columns.ts';
import { reasonOfRagged } from '../../imports/left-out.ts';
import type { LineReason } from '../../imports/line-reasons.tsx';
import type { SourceFile } from '../../imports/source-file.ts';

/** How a file of pairs is read, while somebody decides it. */
export interface PairsDraft {
  kind: RekeyRequest['kind'];
  /** the name of the system; empty: the primary external IDs */
  system: string;
  /** names of columns; empty: none yet */
  old: string;
  new: string;
}

/** One pair, and the line of the file that it is from. */
export interface Pair {
  line: number;
  from: string;
  to: string;
}

/** Lines that are refused, and whether there are more than these. */
export interface Refused {
  reasons: LineReason[];
  hasMore: boolean;
}

/** What a file says. */
export interface ReadPairs {
  pairs: Pair[];
  /** lines that are no pairs */
  refused: Refused;
}

/** Pairs of one re-key. */
const mostPairs = 100_000;
/** Refused lines that are shown. */
const shown = 200;
/** Refused pairs that the server tells of at once. */
const toldAtOnce = 20;

const names = {
  old: ['old', 'oldid', 'from', 'fromid', 'before', 'former', 'current', 'oldexternalid'],
  new: ['new', 'newid', 'to', 'toid', 'after', 'becomes', 'newexternalid'],
};

/** What is suggested for a file. */
export function firstPairs({ name, header }: SourceFile, systems: readonly string[]): PairsDraft {
  const columnOf = (known: readonly string[]) => header.find((column) => known.includes(normal(column))) ?? '';
  return {
    kind: /user|employee|people|person/i.test(name) ? 'user' : 'organization',
    // The file is often called after the system.
    system: systems.find((system) => normal(name).includes(normal(system))) ?? '',
    old: columnOf(names.old),
    new: columnOf(names.new),
  };
}

/** The columns that can be chosen: by name, of two with one name the first. */
export function columnsOf({ header }: SourceFile): string[] {
  return [...new Set(header)].filter((column) => column !== '');
}

/** Why a file cannot be read as the draft says; undefined: it can. */
export function pairsProblem({ name, format }: SourceFile, draft: PairsDraft): string | undefined {
  if (format === 'ndjson') return `${name} is NDJSON: choose a CSV with the columns old and new.`;
  if (draft.old === '' || draft.new === '') return 'Say which column has the old IDs, and which one the new.';
  return draft.old === draft.new ? 'The old and the new IDs are two columns: choose another one for either.' : undefined;
}

/**
 * Reads the pairs of a file, and which of its lines are none. What is named twice is found here, though the server would refuse it too: it
 * knows the place of a pair, and whoever mends the file has lines. Throws a `MappingError`.
 */
export async function readPairs({ file, header }: SourceFile, draft: PairsDraft): Promise<ReadPairs> {
  const { readCsv } = await import('../../imports/csv.ts');
  const [oldAt, newAt] = [header.indexOf(draft.old), header.indexOf(draft.new)];
  const [olds, news] = [new Map<string, number>(), new Map<string, number>()];
  const pairs: Pair[] = [];
  const reasons: LineReason[] = [];
  let isHeader = true;
  let refused = 0;
  const refuse = (reason: LineReason) => {
    refused += 1;
    if (reasons.length < shown) reasons.push(reason);
  };
  for await (const { line, cells } of readCsv(file)) {
    if (isHeader) {
      isHeader = false;
      continue;
    }
    // A comma of an ID that is not quoted would cut it: what is left may be the ID of another record.
    if (cells.length !== header.length) {
      refuse(reasonOfRagged({ line, cells: cells.length, columns: header.length }));
      continue;
    }
    const pair = { line, from: cells[oldAt] ?? '', to: cells[newAt] ?? '' };
    const missing = pair.from === '' ? draft.old : pair.to === '' ? draft.new : undefined;
    if (missing !== undefined) {
      refuse({ line, field: missing, message: 'has no ID' });
      continue;
    }
    for (const [seen, id] of [
      [olds, pair.from],
      [news, pair.to],
    ] as const) {
      const earlier = seen.get(id);
      if (earlier === undefined) seen.set(id, line);
      else refuse({ line, field: id, message: `is named in line ${earlier} already` });
    }
    pairs.push(pair);
    if (pairs.length > mostPairs)
      throw new MappingError('the file has more than 100,000 pairs, and one re-key takes no more: split it, or use the command line');
  }
  if (pairs.length + refused === 0) throw new MappingError('the file has no pairs: each line below the first has an old ID and a new one');
  return { pairs, refused: { reasons, hasMore: refused > reasons.length } };
}

/** The request for pairs. */
export function requestOf({ kind, system }: PairsDraft, pairs: readonly Pair[], isDryRun: boolean): RekeyRequest {
  const named = system.trim() === '' ? {} : { system: system.trim() };
  return { kind, ...named, pairs: pairs.map(({ from, to }) => ({ from, to })), dry_run: isDryRun };
}

/** The lines that an error of the server is about, which names pairs by their place; undefined for any other error. */
export function refusedOf(error: unknown, pairs: readonly Pair[]): Refused | undefined {
  if (!(error instanceof CrosswalkError)) return undefined;
  const reasons = error.fieldViolations.flatMap(({ field, description }): LineReason[] => {
    const [, place, end] = /^pairs\D*(\d+)\D*?(from|to)?$/.exec(field) ?? [];
    const pair = pairs[Number(place ?? Number.NaN)];
    if (pair === undefined) return [];
    return [{ line: pair.line, field: end === 'to' ? pair.to : pair.from, message: description, code: error.errorCode }];
  });
  if (reasons.length === 0) return undefined;
  // An ID that is not legal is told before the others are looked at.
  return { reasons, hasMore: reasons.length >= toldAtOnce || error.errorCode === 'INVALID_EXTERNAL_ID' };
}

/** Whether two records get the ID of one another: the same list with its columns exchanged says the same. */
export function hasSwaps(pairs: readonly Pair[]): boolean {
  const becomes = new Map(pairs.map(({ from, to }) => [from, to]));
  return pairs.some(({ from, to }) => from !== to && becomes.get(to) === from);
}
