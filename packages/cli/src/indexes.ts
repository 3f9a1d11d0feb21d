import { setTimeout as sleep } from 'node:timers/promises';
import type { Crosswalk, MetadataIndex } from '@crosswalk/sdk';
import type { Command } from 'commander';
import type { Cli, CommonOptions } from './cli.ts';
import { Ended, exitStatus } from './exit.ts';
import { oneOf } from './options.ts';
import { printMetadataIndex, safe } from './print.ts';

/** How often an index is asked for while it is built. Milliseconds. */
const interval = 500;

/** Adds the commands of indexes of metadata to the command `indexes`. */
export function addIndexes(cli: Cli, parent: Command): void {
  const command = (usage: string, description: string) => cli.command(parent, usage, description);
  const shown = (options: CommonOptions, index: MetadataIndex) => cli.print(options, index, () => printMetadataIndex(index));

  command('list', 'list the indexes, and whether they are used').action(async (options: CommonOptions) => {
    const indexes = await cli.connect(options).metadataIndex.list();
    cli.printItems(options, indexes, printMetadataIndex);
  });

  command('create <key>', 'have comparisons of a key, such as metadata.seats, find records by an index')
    .option('--of <kind>', 'whose metadata: organization or user', 'organization')
    .requiredOption('--type <type>', 'which of its values: number or text')
    .option('--wait', 'until it is built')
    .action(async (key: string, options: CommonOptions & { of: string; type: string; wait?: boolean }) => {
      const kind = oneOf('--of', options.of, ['organization', 'user'] as const);
      const type = oneOf('--type', options.type, ['number', 'text'] as const);
      const crosswalk = cli.connect(options);
      const made = await crosswalk.metadataIndex.create({ kind, key, type });
      const index = options.wait === true ? await built(crosswalk, made) : made;
      shown(options, index);
      if (index.state === 'FAILED') throw new Ended(exitStatus.failed);
    });

  command('delete <id>', 'give up an index: comparisons of its key read the records again')
    .option('--yes', 'do not ask')
    .action(async (id: string, options: CommonOptions & { yes?: boolean }) => {
      await cli.confirm(`Delete the index ${safe(id)}?`, options);
      await cli.connect(options).metadataIndex.delete(id);
      cli.print(options, { deleted: id }, () => '');
      cli.say(`deleted ${safe(id)}`);
    });
}

/** The index when it is built, or could not be. */
async function built(crosswalk: Crosswalk, made: MetadataIndex): Promise<MetadataIndex> {
  let index = made;
  while (index.state === 'BUILDING') {
    await sleep(interval);
    index = await crosswalk.metadataIndex.get(made.id);
  }
  return index;
}
