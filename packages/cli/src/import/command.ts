import { rowKinds } from '@crosswalk/contract/kinds';
import type { Command } from 'commander';
import type { Cli, CommonOptions } from '../cli.ts';
import { addImportScalekit } from '../import-scalekit/index.ts';
import { type ListOptions, printList, withPages } from '../lists.ts';
import { collect } from '../options.ts';
import { safe } from '../print.ts';
import { followImport, importFile } from './import-file.ts';
import { printImport, printImportLine, printLeft, printRowError } from './print-import.ts';
import { type ImportArguments, withMapping } from './settings.ts';

/** Adds `import` with the commands below it. */
export function addImport(cli: Cli, program: Command): void {
  const parent = withMapping(
    cli
      .command(program, 'import', 'bring records from a file, or see what became of one')
      .argument('[file]', 'NDJSON, one row a line, or CSV; - reads standard input')
      .option('--kind <kind>', `CSV without a column kind: ${rowKinds.join(', ')}`),
  )
    .option('--set <field=value>', "CSV: a field that is the same in every row, such as 'metadata.source=hr'", collect)
    .option('--organization <external-id>', 'CSV of users: they become members of this organization')
    .option('--organization-system <name>', 'the system that ID is of')
    .option('--dry-run', 'count and show what would happen; write nothing')
    .option('--atomic', 'all or nothing, up to 100,000 rows')
    .option('--mode <mode>', 'upsert, create_only or update_only')
    .option('--match-by <what>', 'find records by this alone: external_id, email, or a system such as stripe; default: any ID')
    .option('--on-conflict <what>', 'an ID that another record has: reject the row, or leave the ID and take the rest')
    .option('--send-invitations', 'new memberships without a status are invited by mail')
    .option('--unescape-formulas', "CSV: take the apostrophe from cells such as '=1+1")
    .option('--rejected <file>', 'write the rejected rows there; - is standard output')
    .option('--no-wait', 'end when the file is sent; the server goes on with it')
    .enablePositionalOptions()
    .addHelpText('after', examples)
    .action(async (file: string | undefined, options: ImportArguments) => {
      if (file === undefined) return parent.help();
      await importFile(cli, file, options);
    });

  withPages(cli.command(parent, 'list', 'list imports, newest first')).action(async (options: ListOptions) => {
    const crosswalk = cli.connect(options);
    await printList(
      cli,
      options,
      async (page, signal) => {
        const { imports, next_page_token: next } = await crosswalk.imports.list(page, signal === undefined ? {} : { signal });
        return { items: imports, next };
      },
      printImportLine,
    );
  });

  const one = (name: string, description: string, act: (id: string, options: CommonOptions & { yes?: boolean }) => Promise<void>) =>
    cli.command(parent, `${name} <id>`, description).action(act);

  one('get', 'show an import', async (id, options) => {
    const found = await cli.connect(options).imports.get(id);
    cli.print(options, found, () => printImport(found));
  });
  one('follow', 'wait for an import that is on its way', (id, options) => followImport(cli, id, options));
  one('cancel', 'end an import after the rows under way; what was committed stays', async (id, options) => {
    const found = await cli.connect(options).imports.cancel(id);
    cli.print(options, found, () => printImport(found));
  });
  one('undo', 'take back what an ended import did, as far as its records have not changed since', async (id, options) => {
    const crosswalk = cli.connect(options);
    await cli.confirm(`Remove the records that the import ${safe(id)} made, and give the others back what they had?`, options);
    await crosswalk.imports.undo(id);
    await followImport(cli, id, options);
  }).option('--yes', 'do not ask');
  one('left', 'list what an undo left alone, and why; with --json a line of JSON each (JSON Lines)', async (id, options) => {
    for await (const left of cli.connect(options).imports.left(id)) await cli.printLine(options, left, () => printLeft(left));
  });
  one('errors', 'tell why rows were rejected; with --json a line of JSON each (JSON Lines)', async (id, options) => {
    for await (const error of cli.connect(options).imports.errors(id)) await cli.printLine(options, error, () => printRowError(error));
  });
  one('rejected', 'print the rejected rows as they came, to be mended and imported', async (id, options) => {
    await cli.printBytes(await cli.connect(options).imports.rejected(id));
  });
  addImportScalekit(cli, parent);
}

const examples = `
Examples:
  crosswalk import customers.csv --kind organization --dry-run
  crosswalk import people.csv --kind user --map external_id=Number --map 'email=Work mail|Private mail' --map 'metadata.quota:number=Quota'
  crosswalk import contacts.csv --preset salesforce-contacts
  crosswalk import workers.csv --preset workday-workers --organization CUST-1
  crosswalk import everything.ndjson`;
