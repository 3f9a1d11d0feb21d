import { type Crosswalk, CrosswalkError, type Import, type ImportUndo, lineOfFile } from '@crosswalk/sdk';
import type { Cli, CommonOptions } from '../cli.ts';
import { Ended, exitStatus, Reworded, UsageError } from '../exit.ts';
import { bytes, Meter, type Reading } from '../meter.ts';
import { plain } from '../paint.ts';
import { figure } from '../print.ts';
import { Progress } from '../progress.ts';
import { openFile } from '../source-file.ts';
import { refuseUnwritable, standardOutput, writeWhole } from '../whole-file.ts';
import { type Conversion, converted, countedBytes, kindMissing, newConversion, withKinds } from './convert.ts';
import { follow, hasEnded } from './follow.ts';
import { printImport, printRowError } from './print-import.ts';
import { type ImportArguments, mappingOf, queryOf } from './settings.ts';

/** Row errors that are told of; the rest is one command away. */
const toldErrors = 10;

/**
 * Sends a file and waits until it is imported. Rejects with `Ended` when rows were rejected or it did not end well, after telling why and how
 * to go on.
 */
export async function importFile(cli: Cli, path: string, options: ImportArguments): Promise<void> {
  const file = await openFile(path, cli.streams);
  const { format, mapping } = mappingOf(options, file.format);
  if (format === 'ndjson' && options.kind !== undefined)
    throw new UsageError('--kind is for CSV: the rows of NDJSON name their kind themselves');
  if (options.rejected !== undefined) await refuseUnwritable(options.rejected, options);
  const settings = { ...queryOf(options, mapping !== undefined), format };
  const crosswalk = cli.connect(options);
  const conversion = newConversion();
  const given = format === 'csv' && options.kind === undefined ? withKinds(file) : file.bytes;
  const source = mapping === undefined ? countedBytes(given, conversion) : converted(file, mapping, conversion);
  const meter = new Meter();
  let job: Import | undefined;
  const progress = new Progress(cli.streams, cli.env, () =>
    job === undefined ? meter.line({ what: 'sending', done: conversion.read, total: file.size, write: bytes }) : meter.line(readingOf(job)),
  );
  const resume = () => {
    if (job !== undefined) return wayOn(job);
    // The server has the file, perhaps: it imports it then, whether or not its answer arrives.
    return conversion.isWhole
      ? 'whether the server has the file is not known: crosswalk import list tells'
      : 'nothing was imported: run it again';
  };
  try {
    await cli.interruptible(async (signal) => {
      job = await crosswalk.imports.create(remembering(source, conversion), settings, { signal }).catch((error: unknown) => {
        const isAsItIs = mapping === undefined || (mapping.map === undefined && mapping.preset === undefined);
        const hint = isAsItIs && format === 'csv' ? hintOf(error) : undefined;
        if (hint !== undefined) progress.say(hint);
        throw error instanceof CrosswalkError && isOfKind(error)
          ? new Reworded(`${file.name} has no column kind: ${kindMissing}`, error)
          : error;
      });
      const unused = conversion.mapping?.unused ?? [];
      if (unused.length > 0) progress.say(`columns that go nowhere: ${unused.join(', ')}`);
      if (!options.wait) return true;
      job = await followed(crosswalk, job, progress, signal, (found) => {
        job = found;
      });
      return hasEnded(job);
    }, resume);
  } finally {
    progress.end();
  }
  if (job !== undefined) await tell(cli, crosswalk, job, options, conversion);
}

/** Faults of the columns: a file that is mapped may have them. */
const ofColumns = ['unknown_column', 'required', 'unique', 'separator', 'max_columns'];

/** How to import a file whose columns are not those of an import, where that is why it was refused. */
function hintOf(error: unknown): string | undefined {
  if (!(error instanceof CrosswalkError) || error.errorCode !== 'INVALID_FILE') return undefined;
  const { constraint = '' } = error.fieldViolations[0] ?? {};
  if (!ofColumns.includes(constraint) || isOfKind(error)) return undefined;
  return 'columns with other names are mapped: see --map and --preset in crosswalk import --help';
}

/** Whether a file was refused because nothing says what its rows are. */
function isOfKind({ errorCode, fieldViolations: [first] }: CrosswalkError): boolean {
  return errorCode === 'INVALID_FILE' && first?.field === 'kind' && first.constraint === 'required';
}

/** The same parts; that they have ended is kept. */
async function* remembering(parts: AsyncIterable<Uint8Array>, conversion: Conversion): AsyncGenerator<Uint8Array> {
  yield* parts;
  conversion.isWhole = true;
}

/** Waits for an import that is on its way. */
export async function followImport(cli: Cli, id: string, options: CommonOptions): Promise<void> {
  const crosswalk = cli.connect(options);
  let job = await crosswalk.imports.get(id);
  const meter = new Meter();
  const progress = new Progress(cli.streams, cli.env, () => meter.line(readingOf(job)));
  try {
    await cli.interruptible(
      async (signal) => {
        job = await followed(crosswalk, job, progress, signal, (found) => {
          job = found;
        });
        return hasEnded(job);
      },
      () => wayOn(job),
    );
  } finally {
    progress.end();
  }
  await tell(cli, crosswalk, job, options);
}

function followed(
  crosswalk: Crosswalk,
  job: Import,
  progress: Progress,
  signal: AbortSignal,
  onProgress: (found: Import) => void,
): Promise<Import> {
  return follow(
    crosswalk,
    job.id,
    { onProgress, onSilence: (message) => progress.say(`${message}; the import goes on when it is back, and so do I`) },
    signal,
  );
}

/** How far it is, or its undo. */
function readingOf({ rows_done: done, rows_total: total, undo }: Import): Reading {
  if (undo === null) return { what: 'importing rows', done, total, write: figure };
  return { what: 'undoing rows', done: undo.rows_done, total: undo.rows_total, write: figure };
}

function wayOn(job: Import): string | undefined {
  const { id } = job;
  return hasEnded(job)
    ? undefined
    : `the server goes on with it: crosswalk import follow ${id} waits for it, crosswalk import cancel ${id} ends it`;
}

/** Prints what became of it; ends the command with the status that says so. */
async function tell(
  cli: Cli,
  crosswalk: Crosswalk,
  job: Import,
  options: CommonOptions & Pick<ImportArguments, 'rejected'>,
  conversion?: Conversion,
): Promise<void> {
  cli.printBeside(options.rejected, options, job, () => printImport(job));
  if (job.undo !== null) return tellUndo(cli, job.id, job.undo);
  const { ragged = [], raggedCount = 0, mapping } = conversion ?? {};
  for (const { line, cells, columns } of ragged)
    cli.say(`line ${line} was left out: it has ${cells} cells, and the header ${columns} columns`);
  if (raggedCount > ragged.length) cli.say(`${figure(raggedCount)} lines were left out for that`);
  if (job.rows_rejected > 0) await tellRejected(cli, crosswalk, job, options, mapping?.rowsPerRecord ?? 1);
  if (job.state === 'FAILED' || job.state === 'CANCELED') throw new Ended(exitStatus.failed);
  if (job.rows_rejected > 0 || raggedCount > 0) throw new Ended(exitStatus.partial);
}

function tellUndo(cli: Cli, id: string, { state, counts }: ImportUndo): void {
  if (state === 'FAILED' || state === 'CANCELED') {
    cli.say(`crosswalk import undo ${id} --yes goes on with the rest`);
    throw new Ended(exitStatus.failed);
  }
  const left = Object.values(counts).reduce((sum, count) => sum + count.left, 0);
  if (left === 0) return;
  cli.say(`${figure(left)} ${left === 1 ? 'record was' : 'records were'} left alone: crosswalk import left ${id} tells why`);
  throw new Ended(exitStatus.partial);
}

async function tellRejected(
  cli: Cli,
  crosswalk: Crosswalk,
  { id, rows_rejected: count }: Import,
  { rejected }: Pick<ImportArguments, 'rejected'>,
  rowsPerRecord: number,
) {
  let told = 0;
  for await (const error of crosswalk.imports.errors(id)) {
    if (told === toldErrors) break;
    cli.say(plain(printRowError({ ...error, line: lineOfFile(error.line, rowsPerRecord) })).trimEnd());
    told += 1;
  }
  const more =
    count > told
      ? `${figure(count)} rows were rejected, of which these are the first`
      : `${figure(count)} ${count === 1 ? 'row was' : 'rows were'} rejected`;
  if (rejected === undefined) {
    cli.say(`${more}: crosswalk import errors ${id} tells why, crosswalk import rejected ${id} gives them back to be mended and imported`);
    return;
  }
  await writeWhole(cli, rejected, await crosswalk.imports.rejected(id));
  cli.say(`${more}: ${rejected === standardOutput ? 'standard output' : rejected} has them, to be mended and imported`);
}
