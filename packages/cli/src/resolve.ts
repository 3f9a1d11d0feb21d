import type { Command } from 'commander';
import type { Cli, CommonOptions } from './cli.ts';
import { Ended, exitStatus } from './exit.ts';
import { printResolved, safe } from './print.ts';

/** Adds `resolve`. */
export function addResolve(cli: Cli, program: Command): void {
  cli
    .command(program, 'resolve', 'tell which records IDs of any sort lead to')
    .argument('<ids...>', 'up to 1,000 IDs')
    .action(async (ids: string[], options: CommonOptions) => {
      const results = await cli.connect(options).resolve(ids);
      cli.print(options, results, () => printResolved(results));
      const lost = results.filter(({ matches }) => matches.length === 0);
      if (lost.length === 0) return;
      cli.say(`nothing has the ${lost.length === 1 ? 'ID' : 'IDs'} ${lost.map(({ value }) => safe(value)).join(', ')}`);
      throw new Ended(exitStatus.partial);
    });
}
