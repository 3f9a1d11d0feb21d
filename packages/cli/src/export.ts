import { type TransferKind, transferKinds } from '@crosswalk/contract/kinds';
import type { ExportOptions } from '@crosswalk/sdk';
import type { Command } from 'commander';
import type { Cli, CommonOptions } from './cli.ts';
import { UsageError } from './exit.ts';
import { organizationOf, type Pair, statuses, userOf, withPair } from './members.ts';
import { bytes, Meter } from './meter.ts';
import { namesIn, oneOf } from './options.ts';
import { figure } from './print.ts';
import { Progress } from './progress.ts';
import { refuseUnwritable, standardOutput, writeWhole } from './whole-file.ts';

interface ExportArguments extends CommonOptions, Pair {
  format?: string;
  kinds?: string;
  filter?: string;
  search?: string;
  status?: string;
}

/** Adds `export`. */
export function addExport(cli: Cli, program: Command): void {
  const command = cli
    .command(program, 'export', 'write the directory, as it is at this moment, as rows that can be imported')
    .argument('[file]', 'where to; left out, or -: standard output')
    .option('--format <format>', 'ndjson, which is exact, or csv, which is for spreadsheets and has one kind', 'ndjson')
    .option('--kinds <names>', `only these, with commas: ${transferKinds.join(', ')}`)
    .option('--filter <condition>', 'of one kind, as its list takes it, such as: metadata.plan = "pro"')
    .option('--search <text>', 'of organizations or users: whose name or ID contains this text')
    .option('--status <status>', `of memberships: ${statuses.join(', ')}`);
  // Memberships are narrowed by both, users by the organization.
  withPair(command).action(async (file: string | undefined, options: ExportArguments) => {
    const format = oneOf('--format', options.format ?? 'ndjson', ['ndjson', 'csv'] as const);
    const kinds = options.kinds === undefined ? undefined : kindsIn(options.kinds);
    if (format === 'csv' && kinds?.length !== 1) throw new UsageError('a CSV has one kind: add --kinds organization, or another one');
    const narrowing = await narrowingIn(cli, options, kinds);
    const path = file ?? standardOutput;
    // Rows on standard output are all that is printed there, with --json too.
    await refuseUnwritable(path, {});
    const done = await write(cli, path, options, { format, ...(kinds === undefined ? {} : { kinds }), ...narrowing });
    const where = path === standardOutput ? '' : `, ${bytes(done.bytes)}, in ${path}`;
    cli.printBeside(path, options, { ...done, file: path }, () => `${figure(done.rows)} rows${where}\n`);
    cli.say(`what changes from then on: crosswalk events tail --after ${done.events_cursor}`);
  });
}

interface Written {
  rows: number;
  bytes: number;
  events_cursor: string;
}

/** Writes the export. */
async function write(cli: Cli, path: string, options: CommonOptions, wanted: ExportOptions): Promise<Written> {
  const written: Written = { rows: 0, bytes: 0, events_cursor: '' };
  const meter = new Meter();
  const progress = new Progress(cli.streams, cli.env, () =>
    meter.line({ what: `exporting  ${bytes(written.bytes)}  rows`, done: written.rows, total: undefined, write: figure }),
  );
  try {
    await cli.interruptible(
      async (signal) => {
        const { body, eventsCursor } = await cli.connect(options).export(wanted, { signal }).raw();
        written.events_cursor = eventsCursor;
        await writeWhole(cli, path, counted(body, written, wanted.format === 'csv' ? recordsIn() : linesIn));
        // The names of the columns are no row.
        if (wanted.format === 'csv') written.rows = Math.max(0, written.rows - 1);
        return true;
      },
      () => (path === standardOutput ? 'what was printed is not whole' : `${path} was not written whole: run it again`),
      { prints: path === standardOutput },
    );
  } finally {
    progress.end();
  }
  return written;
}

/** The same parts, counted. */
async function* counted(
  body: AsyncIterable<Uint8Array>,
  written: Written,
  rowsIn: (part: Uint8Array) => number,
): AsyncGenerator<Uint8Array> {
  for await (const part of body) {
    written.bytes += part.length;
    written.rows += rowsIn(part);
    yield part;
  }
}

const [lineBreak, quote] = [10, 34];

function linesIn(part: Uint8Array): number {
  let count = 0;
  for (let at = part.indexOf(lineBreak); at >= 0; at = part.indexOf(lineBreak, at + 1)) count += 1;
  return count;
}

/** Counts the records of a CSV that end in each of its parts: a line break within quotes ends none. */
function recordsIn(): (part: Uint8Array) => number {
  let isQuoted = false;
  return (part) => {
    let count = 0;
    for (const byte of part) {
      // A quote that is doubled ends and begins.
      if (byte === quote) isQuoted = !isQuoted;
      else if (byte === lineBreak && !isQuoted) count += 1;
    }
    return count;
  };
}

/** What narrows the export; the server says what goes with which kind. */
async function narrowingIn(cli: Cli, options: ExportArguments, kinds: readonly TransferKind[] | undefined): Promise<ExportOptions> {
  const { filter, search, status, org, orgExternalId, user, userExternalId, userEmail } = options;
  const given = [filter, search, status, org, orgExternalId, user, userExternalId, userEmail].some((option) => option !== undefined);
  if (given && kinds?.length !== 1)
    throw new UsageError('one kind is narrowed: add --kinds organization, --kinds user or --kinds membership');
  const crosswalk = cli.connect(options);
  const [organizationId, userId] = await Promise.all([organizationOf(crosswalk, options), userOf(crosswalk, options)]);
  return {
    ...(filter === undefined ? {} : { filter }),
    ...(search === undefined ? {} : { query: search }),
    ...(organizationId === undefined ? {} : { organizationId }),
    ...(userId === undefined ? {} : { userId }),
    ...(status === undefined ? {} : { status: oneOf('--status', status.toUpperCase(), statuses) }),
  };
}

function kindsIn(text: string): TransferKind[] {
  return namesIn(text).map((name) => oneOf('--kinds', name, transferKinds));
}
