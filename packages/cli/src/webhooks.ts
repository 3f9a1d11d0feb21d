import { eventTypes } from '@crosswalk/contract/event-types';
import { webhookLimits } from '@crosswalk/contract/limits';
import type { ReplayRequest, WebhookEndpoint } from '@crosswalk/sdk';
import type { Command } from 'commander';
import type { Cli, CommonOptions } from './cli.ts';
import { UsageError } from './exit.ts';
import { type ListOptions, printList, withPages } from './lists.ts';
import { namesIn, oneOf, wholeNumber } from './options.ts';
import { printDelivery, printEndpoint, safe } from './print.ts';

interface Fields {
  url?: string;
  events?: string;
  description?: string;
}

const { overlapHours } = webhookLimits;

const statuses = ['PENDING', 'DELIVERED', 'FAILED'] as const;

/** Adds the commands for webhook endpoints to the command `webhooks`. */
export function addWebhooks(cli: Cli, parent: Command): void {
  const print = (options: CommonOptions, value: unknown, text: string) => cli.print(options, value, () => text);
  const shown = (options: CommonOptions, endpoint: WebhookEndpoint) => print(options, endpoint, printEndpoint(endpoint));
  const command = (usage: string, description: string) => cli.command(parent, usage, description);
  const withFields = (of: Command) =>
    of
      .option('--events <names>', 'which events, with commas: organization,user.updated; default: all')
      .option('--description <text>', 'what listens there');

  withFields(command('create <url>', 'have events sent to an address; prints the secret, which is not shown again'))
    .option('--secret <secret>', 'keep a secret that your receiver has: whsec_ and base64')
    .action(async (url: string, options: Fields & CommonOptions & { secret?: string }) => {
      const { secret } = options;
      const made = await cli
        .connect(options)
        .webhookEndpoint.create({ url, ...fieldsOf(options), ...(secret === undefined ? {} : { secret }) });
      print(options, made, `${printEndpoint(made.webhook_endpoint)}\nsecret  ${made.secret}\n`);
    });

  command('list', 'list the endpoints').action(async (options: CommonOptions) => {
    const endpoints = await cli.connect(options).webhookEndpoint.list();
    cli.printItems(options, endpoints, printEndpoint, '\n');
  });

  command('get <id>', 'show an endpoint').action(async (id: string, options: CommonOptions) =>
    shown(options, await cli.connect(options).webhookEndpoint.get(id)),
  );

  withFields(command('update <id>', 'change an endpoint'))
    .option('--url <url>', 'the new address')
    .action(async (id: string, options: Fields & CommonOptions) => {
      const changes = { ...fieldsOf(options), ...(options.url === undefined ? {} : { url: options.url }) };
      if (Object.keys(changes).length === 0) throw new UsageError('say what to change: --url, --events or --description');
      shown(options, await cli.connect(options).webhookEndpoint.update(id, changes));
    });

  command('enable <id>', 'send to an endpoint again').action(async (id: string, options: CommonOptions) =>
    shown(options, await cli.connect(options).webhookEndpoint.enable(id)),
  );

  command('disable <id>', 'send nothing to an endpoint any more').action(async (id: string, options: CommonOptions) =>
    shown(options, await cli.connect(options).webhookEndpoint.disable(id)),
  );

  command('delete <id>', 'delete an endpoint with what is pending for it; to stop sending for a while, disable it')
    .option('--yes', 'do not ask')
    .action(async (id: string, options: CommonOptions & { yes?: boolean }) => {
      await cli.confirm(`Delete the endpoint ${safe(id)} with what is pending for it?`, options);
      await cli.connect(options).webhookEndpoint.delete(id);
      print(options, { deleted: id }, '');
      cli.say(`deleted ${safe(id)}`);
    });

  command('rotate-secret <id>', 'give an endpoint a new secret; prints it, and it is not shown again')
    .option('--secret <secret>', 'a secret of your own: whsec_ and base64')
    .option('--overlap-hours <hours>', `how long the old one signs too (0 to ${overlapHours})`, wholeNumber(0, overlapHours), 24)
    .action(async (id: string, options: CommonOptions & { secret?: string; overlapHours: number }) => {
      const secret = options.secret === undefined ? {} : { secret: options.secret };
      const rotated = await cli.connect(options).webhookEndpoint.rotateSecret(id, { overlap_hours: options.overlapHours, ...secret });
      print(options, rotated, `${printEndpoint(rotated.webhook_endpoint)}\nsecret  ${rotated.secret}\n`);
    });

  command('test <id>', 'send a sample now')
    .option('--event <name>', 'what the sample looks like', 'organization.updated')
    .action(async (id: string, options: CommonOptions & { event: string }) => {
      const event = oneOf('--event', options.event, eventTypes);
      const { delivered, attempt, message } = await cli.connect(options).webhookEndpoint.test(id, event);
      const result = attempt.error ?? `answered ${attempt.response_status} in ${attempt.duration_ms} ms`;
      print(options, { delivered, attempt, message }, delivered ? `${result}\n` : '');
      if (!delivered) throw new Error(safe(result));
    });

  withPages(command('deliveries <id>', 'list what was and is sent, newest first; those that have ended are kept for 14 days'))
    .option('--status <status>', 'pending, delivered, or failed: the dead letters')
    .action(async (id: string, options: ListOptions & { status?: string }) => {
      const wanted = options.status === undefined ? {} : { status: oneOf('--status', options.status.toUpperCase(), statuses) };
      const { webhookEndpoint } = cli.connect(options);
      await printList(
        cli,
        options,
        async (page, signal) => {
          const answer = await webhookEndpoint.deliveries(id, { ...page, ...wanted }, signal === undefined ? {} : { signal });
          return { items: answer.deliveries, next: answer.next_page_token };
        },
        printDelivery,
      );
    });

  command('replay <id> [event]', 'send again: one event, what was given up, or all of a span of time')
    .option('--failed', 'what was given up')
    .option('--from <time>', 'everything since then, such as 2026-11-24T08:00:00Z')
    .option('--to <time>', 'up to then; default: now')
    .action(async (id: string, event: string | undefined, options: CommonOptions & { failed?: boolean; from?: string; to?: string }) => {
      const { webhookEndpoint: endpoints } = cli.connect(options);
      if (event === undefined) {
        const scheduled = await endpoints.replay(id, replayOf(options));
        print(options, { scheduled }, `${scheduled} will be sent again\n`);
        return;
      }
      const delivery = await endpoints.replayOne(id, event);
      const waits = delivery.status === 'PENDING' && delivery.next_attempt_time === null;
      print(options, { delivery }, waits ? 'it waits for an earlier event of the same record\n' : '1 will be sent again\n');
    });
}

function fieldsOf({ events, description }: Fields): { event_types?: string[]; description?: string } {
  return {
    ...(events === undefined ? {} : { event_types: namesIn(events) }),
    ...(description === undefined ? {} : { description }),
  };
}

function replayOf({ failed, from, to }: { failed?: boolean; from?: string; to?: string }): ReplayRequest {
  if (failed === true && from === undefined) return { failed };
  if (failed === true || from === undefined) throw new UsageError('name one event, or say --failed, or --from');
  return { from, ...(to === undefined ? {} : { to }) };
}
