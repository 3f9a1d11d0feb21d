import { randomBytes } from 'node:crypto';
import type { WebhookMessage } from '@crosswalk/contract';
import { eventTypes } from '@crosswalk/contract/event-types';
import { webhookLimits } from '@crosswalk/contract/limits';
import { messageOf, type RelatedRecords, subjectOf } from '@crosswalk/contract/webhook-envelope';
import { sampleMessage } from '@crosswalk/contract/webhook-sample';
import { type Crosswalk, CrosswalkError, type Event, type EventType, signWebhook } from '@crosswalk/sdk';
import type { Command } from 'commander';
import type { Cli, CommonOptions } from './cli.ts';
import { reasonOf } from './errors.ts';
import { type FeedArguments, feedOf, withFeed } from './events.ts';
import { UsageError } from './exit.ts';
import { Feed } from './feed.ts';
import { oneOf } from './options.ts';
import { paint } from './paint.ts';
import { safe } from './print.ts';

/** How long a receiver may take, as for the webhooks of the server. Milliseconds. */
const timeout = 15_000;

/** What came of one message. */
interface Forwarded {
  event_id: string;
  event_type: EventType;
  record_id: string;
  /** null: there was no answer */
  status: number | null;
  duration_ms: number;
  /** null: it was taken */
  error: string | null;
}

interface ForwardOptions {
  forwardTo: string;
  secret?: string;
}

/** Adds `webhooks listen` and `webhooks trigger`: signed messages, as the server sends them, to a receiver on this machine. */
export function addForwarding(cli: Cli, parent: Command): void {
  const forwarding = (command: Command) =>
    command
      .requiredOption('--forward-to <address>', 'where your receiver listens, such as localhost:3000/hook')
      .option('--secret <secret>', 'sign with this secret (or CROSSWALK_WEBHOOK_SECRET); left out: a new one, which is printed');
  const show = (options: CommonOptions, result: Forwarded) => cli.printLine(options, result, () => line(result));

  withFeed(forwarding(cli.command(parent, 'listen', 'send what changes to a receiver on this machine, signed as webhooks are')))
    .option('--events <names>', 'only these, with commas: organization,user.updated')
    .action(async (options: FeedArguments & ForwardOptions & { events?: string }) => {
      const url = addressOf(options.forwardTo);
      const crosswalk = cli.connect(options);
      // One at a time: whoever stops it goes on exactly behind the last that was forwarded.
      const feed = new Feed(cli, crosswalk, { ...feedOf(options, options.events), follow: true, pageSize: 1 });
      const secret = secretOf(cli, options);
      cli.say(`forwarding to ${url}; Ctrl-C ends it`);
      await cli.interruptible(
        async (signal) => {
          for await (const event of feed.events(signal)) {
            const related = await feed.insist(() => relatedTo(crosswalk, event, signal), signal);
            if (related === undefined) return false;
            const result = await forward(url, secret, messageOf(event, related), signal);
            // What was stopped on its way is sent again by whoever goes on.
            if (signal.aborted && result.status === null) return false;
            await show(options, result);
          }
          return !signal.aborted;
        },
        () => feed.resume,
        { prints: true },
      );
    });

  forwarding(cli.command(parent, 'trigger <event>', 'send one sample to a receiver on this machine; needs no server')).action(
    async (type: string, options: CommonOptions & ForwardOptions) => {
      const known = oneOf('the event', type, eventTypes);
      const url = addressOf(options.forwardTo);
      const time = Date.now();
      const message = sampleMessage(known, { id: `evt_${time}${randomBytes(2).readUInt16BE() % 10_000}`, environmentId: 'env_1', time });
      const result = await forward(url, secretOf(cli, options), message);
      await show(options, result);
      if (result.error !== null) throw new Error(`the receiver did not take it: ${safe(result.error)}`);
    },
  );
}

/** The URL of a receiver; `localhost:3000/hook` is http. */
function addressOf(text: string): string {
  const url = /^https?:\/\//.test(text) ? text : `http://${text}`;
  if (!URL.canParse(url)) throw new UsageError('--forward-to is an address such as localhost:3000/hook');
  return new URL(url).href;
}

/** The secret to sign with, as the server wants it. One that is made is told. */
function secretOf(cli: Cli, options: ForwardOptions): string {
  const given = options.secret ?? (cli.env.CROSSWALK_WEBHOOK_SECRET || undefined);
  if (given !== undefined) {
    const { min, max } = webhookLimits.secretBytes;
    const bytes = Buffer.from(given.replace(/^whsec_/, ''), 'base64').length;
    if (!given.startsWith('whsec_') || bytes < min || bytes > max)
      throw new UsageError(`the secret must be whsec_ and ${min} to ${max} bytes in base64, as it was shown when it was made`);
    return given;
  }
  const made = `whsec_${randomBytes(32).toString('base64')}`;
  cli.say(`the receiver checks signatures with CROSSWALK_WEBHOOK_SECRET=${made}`);
  return made;
}

/** Sends one message. Never rejects: whatever goes wrong is its result. */
async function forward(url: string, secret: string, message: WebhookMessage, stop?: AbortSignal): Promise<Forwarded> {
  const signal = AbortSignal.any([AbortSignal.timeout(timeout), ...(stop === undefined ? [] : [stop])]);
  const body = JSON.stringify(message);
  const headers = {
    'content-type': 'application/json',
    'user-agent': 'Crosswalk-Webhooks/1',
    ...(await signWebhook(message.id, body, secret)),
  };
  const started = performance.now();
  const result = (status: number | null, error: string | null): Forwarded => ({
    event_id: message.id,
    event_type: message.type,
    record_id: message.record_id,
    status,
    duration_ms: Math.round(performance.now() - started),
    error,
  });
  try {
    const answer = await fetch(url, { method: 'POST', headers, body, redirect: 'manual', signal });
    await answer.body?.cancel();
    return result(answer.status, answer.ok ? null : `answered ${answer.status}: only 2xx counts as received`);
  } catch (error) {
    return result(null, reasonOf(error, timeout));
  }
}

/** The records an event of a membership is about, as they were then; as they are now where nothing of then is known. */
async function relatedTo({ organization, user }: Crosswalk, event: Event, signal: AbortSignal): Promise<RelatedRecords> {
  if (subjectOf(event.type) !== 'membership') return {};
  const moment = { time: event.occurred_at };
  const options = { signal };
  const [organizationId, userId] = [String(event.organization_id ?? event.data.organization_id), String(event.data.user_id)];
  const [asOrganization, asUser] = await Promise.all([
    known(async () => (await organization.history.asOf(organizationId, moment, options)).record).then(
      (record) => record ?? known(() => organization.get(organizationId, options)),
    ),
    known(async () => (await user.history.asOf(userId, moment, options)).record).then(
      (record) => record ?? known(() => user.getUser(userId, options)),
    ),
  ]);
  return { organization: asOrganization, user: asUser };
}

async function known(read: () => Promise<object>): Promise<object | undefined> {
  try {
    return await read();
  } catch (error) {
    if (error instanceof CrosswalkError && error.status === 404) return undefined;
    throw error;
  }
}

function line({ event_id: id, event_type: type, record_id: record, status, duration_ms: duration, error }: Forwarded): string {
  const color = error === null ? paint.green : paint.red;
  const answer = color(status === null ? 'none' : String(status));
  return `${answer}  ${`${duration} ms`.padStart(8)}  ${id}  ${type}  ${record}${status === null ? `  ${safe(error ?? '')}` : ''}\n`;
}
