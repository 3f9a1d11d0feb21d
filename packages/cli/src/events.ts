import { eventTypes } from '@crosswalk/contract/event-types';
import type { Command } from 'commander';
import type { Cli, CommonOptions } from './cli.ts';
import { UsageError } from './exit.ts';
import { Feed, type FeedOptions, momentOf } from './feed.ts';
import { type ListOptions, printList, withPages } from './lists.ts';
import { namesIn, oneOf } from './options.ts';
import { printEvent, safe } from './print.ts';
import { idOfNamed, type Named } from './records.ts';

/** Options that choose a part of the feed. */
export interface FeedArguments extends CommonOptions {
  after?: string;
  since?: string;
  org?: string;
}

/** Adds the options that choose a part of the feed. */
export function withFeed(command: Command): Command {
  return command
    .option('--after <cursor>', 'go on from where another run ended; left out: what happens from now on')
    .option('--since <time>', 'what happened since then too: 10m, 2h, 7d or 2026-11-24T08:00:00Z')
    .option('--org <id>', 'only events of this organization and what belongs to it');
}

/** The part of the feed that was chosen. */
export function feedOf({ after, since, org }: FeedArguments, types: string | undefined): Omit<FeedOptions, 'follow' | 'pageSize'> {
  if (after !== undefined && since !== undefined) throw new UsageError('--after or --since, not both');
  return {
    ...(after === undefined ? {} : { after }),
    ...(since === undefined ? {} : { since: momentOf(since) }),
    ...(org === undefined ? {} : { organizationId: org }),
    ...(types === undefined ? {} : { types: typesIn(types) }),
  };
}

/** Names of events, or what stands before the dot; one that is misspelt would wait for ever. */
function typesIn(text: string): string[] {
  const names = namesIn(text);
  const unknown = names.find((name) => !eventTypes.some((type) => type === name || type.startsWith(`${name}.`)));
  if (unknown !== undefined) throw new UsageError(`there are no events ${safe(unknown)}: they are ${eventTypes.join(', ')}`);
  return names;
}

/** Adds the commands of the change feed. */
export function addEvents(cli: Cli, parent: Command): void {
  withFeed(cli.command(parent, 'tail', 'print what changes, as it happens; with --json a line of JSON each (JSON Lines)'))
    .option('--types <names>', 'only these, with commas: organization,user.updated')
    .option('--no-follow', 'end when there is no more for now')
    .action(async (options: FeedArguments & { types?: string; follow: boolean }) => {
      const feed = new Feed(cli, cli.connect(options), { ...feedOf(options, options.types), follow: options.follow, pageSize: 100 });
      await cli.interruptible(
        async (signal) => {
          for await (const event of feed.events(signal)) await cli.printLine(options, event, () => printEvent(event));
          return !signal.aborted;
        },
        () => feed.resume,
        { prints: true },
      );
      if (feed.resume !== undefined) cli.say(feed.resume);
    });

  withPages(
    cli.command(
      parent,
      'history [record]',
      'what happened to an organization or a user, newest first; by its Crosswalk ID also after it was deleted',
    ),
  )
    .option('--external-id <id>', 'find it by an ID of your own')
    .option('--system <name>', 'the system that ID is of, such as stripe')
    .option('--kind <kind>', 'what has that ID: organization or user', 'organization')
    .option('--email <address>', 'find a user by address')
    .action(async (given: string | undefined, options: ListOptions & Named & { kind: string }) => {
      if (given !== undefined && /^(?!org_|usr_)[a-z]+_/.test(given))
        throw new UsageError('organizations and users have a history: name one by its Crosswalk ID, org_… or usr_…, or by --external-id');
      const kind = oneOf('--kind', options.kind, ['organization', 'user'] as const);
      const { organization, user } = cli.connect(options);
      const records = kind === 'user' || options.email !== undefined || given?.startsWith('usr_') ? user : organization;
      const id = await idOfNamed(records, given, options);
      await printList(
        cli,
        options,
        async (page, signal) => {
          const answer = await records.history.list(id, page, signal === undefined ? {} : { signal });
          return { items: answer.events, next: answer.next_page_token };
        },
        printEvent,
      );
    });
}
