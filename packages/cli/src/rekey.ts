import { rekeyLimit } from '@crosswalk/contract/limits';
import { CrosswalkError } from '@crosswalk/sdk';
import type { Command } from 'commander';
import type { Cli, CommonOptions } from './cli.ts';
import { readCsv } from './csv.ts';
import { Reworded, UsageError } from './exit.ts';
import { oneOf } from './options.ts';
import { figure } from './print.ts';
import { openFile, type SourceFile } from './source-file.ts';

interface RekeyOptions extends CommonOptions {
  kind: string;
  system?: string;
  dryRun?: boolean;
}

/** How long a large re-keying may take: 100,000 records in one transaction. Milliseconds. */
const timeout = 300_000;

/** Adds `rekey`. */
export function addRekey(cli: Cli, program: Command): void {
  cli
    .command(program, 'rekey <file>', 'replace external IDs, all or none: a CSV file with the columns old and new; - reads standard input')
    .option('--kind <kind>', 'organization or user', 'organization')
    .option('--system <name>', 'the system the IDs are of; left out: the primary external ID')
    .option('--dry-run', 'check everything and change nothing')
    .addHelpText(
      'after',
      '\nSwaps and chains work. The old IDs keep finding their records for a while; the same file with its columns exchanged undoes it.',
    )
    .action(async (file: string, options: RekeyOptions) => {
      const kind = oneOf('--kind', options.kind, ['organization', 'user'] as const);
      const pairs = await pairsOf(await openFile(file, cli.streams));
      const { system } = options;
      const request = { kind, pairs, ...(system === undefined ? {} : { system }), dry_run: options.dryRun === true };
      try {
        const answer = await cli.connect(options).rekey(request, { timeout });
        const [verb, same] = [
          answer.dry_run ? 'would get' : 'got',
          answer.unchanged === 0 ? '' : `, ${figure(answer.unchanged)} ${answer.unchanged === 1 ? 'has' : 'have'} it already`,
        ];
        cli.print(options, answer, () => `${figure(answer.rekeyed)} ${kind}${answer.rekeyed === 1 ? '' : 's'} ${verb} another ID${same}\n`);
      } catch (error) {
        if (!(error instanceof CrosswalkError) || error.fieldViolations.length === 0) throw error;
        const rows = error.fieldViolations.map(({ field, description }) => `${lineOf(field)}: ${description}`);
        throw new Reworded(rows.join('\n'), error);
      }
    });
}

/** The server names a pair by its place: the file has a line of names before the first. */
function lineOf(field: string): string {
  const index = /pairs[./[]*(\d+)/.exec(field)?.[1];
  return index === undefined ? field : `row ${Number(index) + 1} (${field})`;
}

/** The pairs of a file, in its order. A `UsageError` when it names none, or more than one call takes. */
async function pairsOf({ name, bytes }: SourceFile): Promise<{ from: string; to: string }[]> {
  const rows: (readonly string[])[] = [];
  for await (const { cells } of readCsv(name, bytes)) {
    rows.push(cells);
    // The first one has the names of the columns.
    if (rows.length - 1 > rekeyLimit)
      throw new UsageError(`${name} has more than ${figure(rekeyLimit)} rows, and one call takes no more: split it`);
  }
  const [names = [], ...values] = rows;
  const [from, to] = [names.indexOf('old'), names.indexOf('new')];
  if (from === -1 || to === -1) throw new UsageError(`the first line of ${name} must name the columns old and new`);
  if (values.length === 0) throw new UsageError(`${name} has no rows`);
  return values.map((cells, index) => {
    const row = `row ${index + 1} of ${name}`;
    // A comma of an ID that is not quoted would cut it: what is left may be the ID of another record.
    if (cells.length !== names.length) throw new UsageError(`${row} has ${cells.length} cells, and the first line ${names.length} columns`);
    const pair = { from: cells[from] ?? '', to: cells[to] ?? '' };
    if (pair.from === '' || pair.to === '') throw new UsageError(`${row} has no ${pair.from === '' ? 'old' : 'new'} ID`);
    return pair;
  });
}
