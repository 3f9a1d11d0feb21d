import type { Command } from 'commander';
import type { Cli } from '../cli.ts';
import { type ImportOptions, settingsOf } from './settings.ts';

/** Adds `import scalekit` to the command `import`. */
export function addImportScalekit(cli: Cli, parent: Command): void {
  cli
    .command(
      parent,
      'scalekit',
      'import the permissions, roles, organizations, users and memberships of a Scalekit environment; ' +
        'run it again as often as you like: what did not change is not written',
    )
    .option('--from <url>', 'the Scalekit environment (or SCALEKIT_ENVIRONMENT_URL)')
    .option('--client-id <id>', 'its client ID (or SCALEKIT_CLIENT_ID)')
    .option('--client-secret <secret>', 'its client secret (better as SCALEKIT_CLIENT_SECRET: a command line is seen by others)')
    .option('--invitations', 'import pending invitations too: Crosswalk invites these people anew')
    .option('--dry-run', 'read everything, tell what would be done, write nothing')
    .option('--state <file>', 'keeps how far the import is, so that it can go on; default: crosswalk-import-HOST.json')
    .action(async (options: ImportOptions) => {
      const settings = settingsOf(options, cli.env);
      // Loaded by this command alone: Scalekit's client takes its time to load.
      const { importScalekit } = await import('./import.ts');
      await importScalekit(settings, cli.streams, cli.env);
    });
}
