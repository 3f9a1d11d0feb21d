import type { Command } from 'commander';
import type { Cli, CommonOptions } from './cli.ts';
import { printSigningKey, safe } from './print.ts';

/** Adds the commands of signing keys to the command `keys`. */
export function addKeys(cli: Cli, parent: Command): void {
  const command = (usage: string, description: string) => cli.command(parent, usage, description);

  command('list', 'list the keys that sign the tokens of the environment, with what each does').action(async (options: CommonOptions) => {
    const keys = await cli.connect(options).signingKey.list();
    cli.printItems(options, keys, printSigningKey);
  });

  command('rotate', 'publish a new key, which signs when everybody may know it; no token becomes invalid').action(
    async (options: CommonOptions) => {
      const key = await cli.connect(options).signingKey.rotate();
      cli.print(options, key, () => printSigningKey(key));
      cli.say(`${key.id} signs from ${key.sign_time} on`);
    },
  );

  command('revoke <id>', 'refuse a key that has leaked, and every token that it signed, at once')
    .option('--yes', 'do not ask')
    .action(async (id: string, options: CommonOptions & { yes?: boolean }) => {
      await cli.confirm(`Refuse every token that the key ${safe(id)} has signed?`, options);
      const key = await cli.connect(options).signingKey.revoke(id);
      cli.print(options, key, () => printSigningKey(key));
      cli.say(`revoked ${safe(id)}; services that check tokens themselves accept them until they read /keys again`);
    });
}
