import { type Import, type ImportCounts, type ImportOptions, type ImportQuery, importLimits, type RowKind } from '@crosswalk/contract';
import { fieldOf } from '../external-ids/index.ts';
import { ApiError, invalid } from '../lib/api-error.ts';
import { formatId } from '../lib/id.ts';
import type { Restore } from './restore.ts';

/*
 * The life of an import.
 *
 *     (upload) ---> RECEIVING --all of it is here----------> QUEUED
 *                   RECEIVING --broken, stalled, refused---> FAILED    its rows are removed soon; also when the receiving server dies: its lease ends
 *                   RECEIVING --sent again by its key------> FAILED    the new upload has the key
 *                   QUEUED ----a worker claims it----------> RUNNING
 *                   RUNNING ---the worker dies-------------> RUNNING   its lease ends, another goes on after the last batch that was committed
 *                   RUNNING ---the last row is done--------> DONE
 *                   RUNNING ---atomic, a row is rejected---> FAILED    nothing was written
 *                   RUNNING ---a batch fails by a bug------> FAILED    the batches before it stay
 *     RECEIVING | QUEUED | RUNNING --cancel----------------> CANCELED  the batches before it stay; of an atomic import or a dry run nothing
 *
 * DONE, FAILED and CANCELED are final.
 */

/*
 * The life of its undo, which may be asked for when the import is DONE, FAILED or CANCELED and what it wrote stays.
 *
 *     (request) ---> QUEUED --a worker claims it-------------> RUNNING   memberships, then roles, users, organizations, permissions
 *                    RUNNING --the worker dies---------------> RUNNING   its lease ends, another goes on after the last batch
 *                    RUNNING --the last record is done-------> DONE      records that have changed since are left and listed
 *                    RUNNING --a batch fails by a bug--------> FAILED    the batches before it stay
 *     QUEUED | RUNNING --cancel------------------------------> CANCELED  the batches before it stay
 *     FAILED | CANCELED --request----------------------------> QUEUED    it goes on with the rest
 *
 * DONE is final. An import whose undo is open or done keeps its own state.
 */

/** How a file is written. */
export type Format = Import['format'];

/** Whether an import is one transaction, from its first row to its last, rather than one for each batch. */
export function isOneTransaction({ atomic, dry_run: dryRun }: ImportOptions): boolean {
  return atomic || dryRun;
}

/** The options of a request, with what it leaves out. 400 when no row of the file could be matched by what it says. */
export function optionsOf(query: ImportQuery): ImportOptions {
  if (query.match_by === 'email' && query.kind === 'organization')
    throw invalid('match_by', 'organizations have no address; match them by external_id or the name of a system', 'match_by');
  return {
    kind: query.kind ?? null,
    mode: query.mode ?? 'upsert',
    match_by: query.match_by ?? 'any',
    on_conflict: query.on_conflict ?? 'reject',
    dry_run: query.dry_run ?? false,
    atomic: query.atomic ?? false,
    send_invitations: query.send_invitations ?? false,
    unescape_formulas: query.unescape_formulas ?? false,
  };
}

/** The field that rows are matched by alone; undefined: by any ID. */
export function fieldMatchedBy({ match_by: matchBy }: Pick<ImportOptions, 'match_by'>): string | undefined {
  if (matchBy === 'any') return undefined;
  return matchBy === 'external_id' || matchBy === 'email' ? matchBy : fieldOf(matchBy);
}

const types: Record<string, Format> = { 'application/x-ndjson': 'ndjson', 'application/ndjson': 'ndjson', 'text/csv': 'csv' };

/** The format of an upload: what `format` says, or else its Content-Type. 415 when neither is known, 400 when they differ. */
export function formatOf(contentType: string | undefined, format: Format | undefined): Format {
  const [type = '', ...parameters] = (contentType ?? '').toLowerCase().split(';');
  const charset = parameters.map((parameter) => parameter.trim()).find((parameter) => parameter.startsWith('charset='));
  const known = types[type.trim()];
  if (known === undefined || (charset !== undefined && !/^charset="?utf-8"?$/.test(charset))) {
    throw new ApiError('UNSUPPORTED_MEDIA_TYPE', 'Content-Type: must be application/x-ndjson or text/csv (in UTF-8)');
  }
  if (format !== undefined && format !== known) throw invalid('format', `is ${format}, and the Content-Type is ${type.trim()}`, 'same_as');
  return known;
}

/** What became of a row. */
export type Outcome =
  | { result: 'created' | 'updated' | 'unchanged'; kind: RowKind; recordId: string; version: number; restore?: Restore | undefined }
  | { result: 'conflict' | 'invalid'; kind: RowKind | null; field: string; code: string; message: string };

/** Errors of a row that is refused for what other records are or have, and not for what it says. */
const conflictCodes = new Set([
  'EXTERNAL_ID_TAKEN',
  'EMAIL_TAKEN',
  'SLUG_TAKEN',
  'ALREADY_EXISTS',
  'DOES_NOT_EXIST',
  'ROLE_NAME_TAKEN',
  'USER_LIMIT_REACHED',
  'DOMAIN_TAKEN',
]);

/** Longest message that is kept of a row. Characters. */
const messageLength = 500;

/** The outcome of a row that is refused with an error. */
export function rejection(kind: RowKind | null, { code, message, detail }: ApiError): Outcome {
  const field = detail.violations?.[0]?.field ?? 'row';
  const result = conflictCodes.has(code) ? 'conflict' : 'invalid';
  return { result, kind, field: storable(field.slice(0, 200)), code, message: storable(message.slice(0, messageLength)) };
}

/** Text that tells of what the database cannot hold, in a form that it can. */
function storable(text: string): string {
  return text.replaceAll('\0', '\ufffd').toWellFormed();
}

/** A row as it is in the file. */
export interface FileRow {
  /** where it begins; the first line is 1 */
  line: number;
  /** as it came, without its line break */
  source: string;
  /** the row as JSON; null: `source` is, or the row cannot be read */
  data: string | null;
  /** why the row cannot be read */
  refused: Outcome | undefined;
}

/** What a file gives: first the header if it is CSV, then its rows. */
export type FilePart = { header: string } | FileRow;

/** Counts by kind. */
export type Counts = Import['counts'];

const none: ImportCounts = { created: 0, updated: 0, unchanged: 0, conflicts: 0, invalid: 0 };

/** Counts as they are stored, with what is not. */
export function countsOf(stored: Partial<Counts>): Counts {
  const of = (kind: keyof Counts) => ({ ...none, ...stored[kind] });
  return {
    organization: of('organization'),
    user: of('user'),
    membership: of('membership'),
    role: of('role'),
    permission: of('permission'),
    unknown: of('unknown'),
  };
}

/** Counts with some more outcomes. */
export function addOutcomes(counts: Counts, outcomes: Iterable<Outcome>): Counts {
  const added = countsOf(counts);
  for (const { kind, result } of outcomes) added[kind ?? 'unknown'][result === 'conflict' ? 'conflicts' : result] += 1;
  return added;
}

/** How many rows did not go in. */
export function rejectedOf(counts: Counts): number {
  return Object.values(counts).reduce((sum, { conflicts, invalid: refused }) => sum + conflicts + refused, 0);
}

/** The 404 of an import. */
export function importNotFound(id: string): ApiError {
  return new ApiError('IMPORT_NOT_FOUND', `there is no import ${formatId('imp', id)}`, { resource: { kind: 'import' } });
}

/** The 400 of an import that cannot be undone, which says why. */
export function notUndoable({ id, state, options, undo }: Import): ApiError {
  const why =
    state === 'RECEIVING' || state === 'QUEUED' || state === 'RUNNING'
      ? `is ${state}; cancel it, or wait until it has ended`
      : options.dry_run
        ? 'was a dry run, which writes nothing'
        : options.atomic && state !== 'DONE'
          ? 'wrote nothing: it was atomic and did not end well'
          : undo === null
            ? `ended more than ${importLimits.keptDays} days ago, and its rows are not kept any longer`
            : undo.state === 'DONE'
              ? 'was undone already'
              : 'is being undone';
  return new ApiError('IMPORT_NOT_UNDOABLE', `${id} ${why}`, { resource: { kind: 'import' } });
}

/** The 400 of a file that cannot be read. */
export function invalidFile(field: string, description: string, constraint = 'file'): ApiError {
  return invalid(field, description, constraint, 'INVALID_FILE');
}
