import { type Crosswalk, listPreset, type ReconcileRequest } from '@crosswalk/sdk';
import type { Command } from 'commander';
import type { Cli } from '../cli.ts';
import { Ended, exitStatus } from '../exit.ts';
import { type MappingArguments, mappingOf, withMapping } from '../import/settings.ts';
import { oneOf } from '../options.ts';
import { figure } from '../print.ts';
import { openFile } from '../source-file.ts';
import { refuseUnwritable, standardOutput, writeWhole } from '../whole-file.ts';
import { readList } from './list.ts';
import { printReconciled } from './print-reconciled.ts';

interface ReconcileArguments extends MappingArguments {
  system?: string;
  mend?: string;
}

/** How long a comparison may take: 100,000 entries. Milliseconds. */
const timeout = 300_000;

/** Adds `reconcile`. */
export function addReconcile(cli: Cli, program: Command): void {
  withMapping(
    cli
      .command(program, 'reconcile <file>', "compare another system's list with the records here; changes nothing. - reads standard input")
      .option('--kind <kind>', 'organization or user; default: organization, or as the preset says')
      .option('--system <name>', 'the system the list is of; default: as the preset says, else the primary external ID'),
  )
    .option('--mend <file>', 'write the rows whose import mends what is certain; - is standard output')
    .addHelpText('after', examples)
    .action(async (path: string, options: ReconcileArguments) => {
      const { mend } = options;
      if (mend !== undefined) await refuseUnwritable(mend, options);
      const file = await openFile(path, cli.streams);
      const { format, mapping } = mappingOf(
        options.preset === undefined ? { ...options, kind: options.kind ?? 'organization' } : options,
        file.format,
      );
      const preset = mapping?.preset;
      const kind = oneOf('--kind', preset?.rows[0].kind ?? options.kind ?? 'organization', ['organization', 'user'] as const);
      const system = options.system ?? preset?.system;
      const listed = mapping === undefined ? undefined : { ...mapping, ...(preset === undefined ? {} : { preset: listPreset(preset) }) };
      const request: ReconcileRequest = {
        kind,
        ...(system === undefined ? {} : { system }),
        items: await readList(file, format, listed, kind),
      };
      const crosswalk = cli.connect(options);
      const answer = await crosswalk.reconcile(request, { timeout });
      cli.printBeside(mend, options, answer, () => printReconciled(answer));
      if (mend !== undefined) {
        const rows = `${figure(await writeRows(cli, crosswalk, request, mend))} rows`;
        cli.say(mend === standardOutput ? rows : `${rows} in ${mend}: read them, then crosswalk import ${mend} --dry-run`);
      }
      if (answer.counts.invalid > 0) throw new Ended(exitStatus.partial);
    });
}

/** Writes the rows that mend what differs, a line each; resolves to their number. */
async function writeRows(cli: Cli, crosswalk: Crosswalk, request: ReconcileRequest, path: string): Promise<number> {
  let count = 0;
  async function* lines() {
    for await (const row of crosswalk.reconcileRows(request, { timeout })) {
      count += 1;
      yield `${JSON.stringify(row)}\n`;
    }
  }
  await writeWhole(cli, path, lines());
  return count;
}

const examples = `
The columns of a CSV are id, name, email, domain and metadata.KEY, or are mapped to them; NDJSON has {"id", "name", "email", "domain", "fields"}.

Examples:
  crosswalk reconcile customers.csv --preset stripe-customers --mend mend.ndjson
  crosswalk reconcile people.csv --kind user --system workday --map 'id=Employee ID' --map 'email=Work Email' --map 'metadata.department=Department'`;
