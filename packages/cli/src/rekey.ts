import { readFile } from 'node:fs/promises';
import { rekeyLimit } from '@crosswalk/contract/limits';
import { CrosswalkError } from '@crosswalk/sdk';
import type { Command } from 'commander';
import type { Cli, CommonOptions } from './cli.ts';
import { Reworded, UsageError } from './exit.ts';
import { readAll, type Streams } from './streams.ts';

interface RekeyOptions extends CommonOptions {
  kind: string;
  system?: string;
  dryRun?: boolean;
}

/** How long a large re-keying may take: 100,000 records in one transaction. Milliseconds. */
const timeout = 300_000;

const kinds = ['organization', 'user'] as const;

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
      const kind = kinds.find((name) => name === options.kind);
      if (kind === undefined) throw new UsageError(`--kind is ${kinds.join(' or ')}`);
      const pairs = await pairsOf(await textOf(file, cli.streams), file);
      const { system } = options;
      const request = { kind, pairs, ...(system === undefined ? {} : { system }), dry_run: options.dryRun === true };
      try {
        const answer = await cli.connect(options).rekey(request, { timeout });
        const [verb, same] = [answer.dry_run ? 'would get' : 'got', answer.unchanged === 0 ? '' : `, ${answer.unchanged} have it already`];
        cli.print(options, answer, () => `${answer.rekeyed} ${kind}s ${verb} another ID${same}\n`);
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

async function textOf(file: string, { input }: Streams): Promise<string> {
  if (file === '-') return readAll(input);
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    throw new UsageError(`${file} cannot be read: ${error instanceof Error ? error.message : String(error)}`);
  }
}

async function pairsOf(text: string, file: string): Promise<{ from: string; to: string }[]> {
  const { parse } = await import('csv-parse/sync');
  let rows: string[][];
  try {
    rows = parse(text, { bom: true, skip_empty_lines: true });
  } catch (error) {
    throw new UsageError(`${file} is no CSV: ${error instanceof Error ? error.message : String(error)}`);
  }
  const [names = [], ...values] = rows;
  const [from, to] = ['old', 'new'].map((name) => names.indexOf(name));
  if (from === undefined || to === undefined || from < 0 || to < 0)
    throw new UsageError(`the first line of ${file} must name the columns old and new`);
  if (values.length === 0) throw new UsageError(`${file} has no rows`);
  if (values.length > rekeyLimit) throw new UsageError(`${file} has ${values.length} rows, and one call takes ${rekeyLimit}: split it`);
  return values.map((row, index) => {
    const pair = { from: row[from] ?? '', to: row[to] ?? '' };
    if (pair.from === '' || pair.to === '')
      throw new UsageError(`row ${index + 1} of ${file} has no ${pair.from === '' ? 'old' : 'new'} ID`);
    return pair;
  });
}
