import type { Command } from 'commander';
import type { Cli, CommonOptions } from './cli.ts';
import { printResolved } from './print.ts';

/** Adds `resolve`. */
export function addResolve(cli: Cli, program: Command): void {
  cli
    .command(program, 'resolve', 'tell which records IDs of any sort lead to')
    .argument('<ids...>', 'up to 1,000 IDs')
    .action(async (ids: string[], options: CommonOptions) => {
      const results = await cli.connect(options).resolve(ids);
      cli.print(options, results, () => printResolved(results));
      if (results.some(({ matches }) => matches.length === 0)) throw new Error('some IDs lead nowhere');
    });
}
