import { ConnectionError, type Crosswalk } from '@crosswalk/sdk';
import type { Command } from 'commander';
import type { Cli, CommonOptions } from './cli.ts';
import { type Credentials, type Env, findCredentials } from './connect.ts';
import { messageOf } from './errors.ts';
import { Ended, exitStatus } from './exit.ts';
import { paint } from './paint.ts';
import { safeLines } from './print.ts';
import { Profiles } from './profiles.ts';
import { ask, parse, requestToken } from './token.ts';

/** What one check found. */
interface Finding {
  check: string;
  status: 'ok' | 'warn' | 'fail';
  detail: string;
  /** the way out */
  help?: string;
}

/** How far the clocks may be apart before it is told, and before receivers refuse webhooks as too old. Seconds. */
const clockLimits = { warn: 30, fail: 300 } as const;

/** A signing key that is older is told: NIST SP 800-57 part 1 (table 1) lets a private key sign for one to three years. Days. */
const keyDays = 365;

/** Adds `doctor`. */
export function addDoctor(cli: Cli, program: Command): void {
  cli
    .command(program, 'doctor', 'check that everything works: server, credentials, keys, clock, webhooks, mail')
    .option('--server', 'check and show the settings of a server too, as the environment has them here; secrets are masked')
    .action(async (options: CommonOptions & { server?: boolean }) => {
      const findings: Finding[] = [];
      const show = (finding: Finding) => {
        findings.push(finding);
        if (options.json !== true) cli.write(line(finding));
      };
      if (options.server === true) for (const finding of await settings(cli.env)) show(finding);
      for await (const finding of checks(cli, options)) show(finding);
      if (options.json === true) cli.print(options, findings, () => '');
      if (findings.some(({ status }) => status === 'fail')) throw new Ended(exitStatus.failed);
    });
}

/** Every check in turn; those that rest on one that failed are left out. */
async function* checks(cli: Cli, options: CommonOptions): AsyncGenerator<Finding> {
  let credentials: Credentials;
  try {
    const found = findCredentials(cli.env, options.profile);
    credentials = { ...found.credentials, url: found.credentials.url.replace(/\/+$/, '') };
    yield { check: 'credentials', status: 'ok', detail: `${credentials.clientId} from ${found.from}` };
  } catch (error) {
    yield { check: 'credentials', status: 'fail', detail: messageOf(error), help: 'log in with: crosswalk login' };
    return;
  }
  const profiles = new Profiles(cli.env);
  if (profiles.isReadableByOthers())
    yield { check: 'profiles', status: 'warn', detail: `others may read ${profiles.path}`, help: `chmod 600 ${profiles.path}` };

  const { url } = credentials;
  try {
    const { response, text, milliseconds } = await ask(`${url}/healthz`);
    if (!response.ok || Object(parse(text)).status !== 'ok') {
      const answered = response.ok ? 'answered something else than a server of Crosswalk does' : `answered ${response.status}`;
      const help = `is this the URL of Crosswalk? It has no page behind it: ${new URL(url).origin}`;
      yield { check: 'server', status: 'fail', detail: `${url}/healthz ${answered}`, help };
      return;
    }
    yield { check: 'server', status: 'ok', detail: `${url} answers in ${milliseconds} ms` };
    yield clock(response, milliseconds);
  } catch (error) {
    const help = 'check the URL and the network, and that the server runs: crosswalk serve';
    yield { check: 'server', status: 'fail', detail: `${url} does not answer: ${messageOf(error)}`, help };
    return;
  }
  yield await attempt('database', 'the server cannot reach its database: its log tells why', async () => {
    const { response } = await ask(`${url}/readyz`);
    if (!response.ok) throw new Error(`/readyz answered ${response.status}`);
    return 'the database answers';
  });
  yield await attempt('keys', 'tokens cannot be checked by others; see the log of the server', async () => {
    const { keys } = Object(parse((await ask(`${url}/keys`)).text));
    if (!Array.isArray(keys) || keys.length === 0) throw new Error('/keys has no key');
    return `${keys.length} public ${keys.length === 1 ? 'key' : 'keys'} at /keys`;
  });

  const token = await attempt('token', 'check the client ID and the secret; a new secret is made at the server', async () => {
    const scopes = await requestToken(credentials);
    return `given, with the scopes ${scopes || 'none'}`;
  });
  yield token;
  if (token.status === 'fail') return;
  const crosswalk = cli.connect(options);
  yield* signingKey(crosswalk);
  yield* webhooks(crosswalk);
  yield* mailbox(crosswalk);
}

function clock(response: Response, milliseconds: number): Finding {
  const there = Date.parse(response.headers.get('date') ?? '');
  if (Number.isNaN(there)) return { check: 'clock', status: 'warn', detail: 'the server does not say what time it is' };
  // The header has whole seconds, and was written about half-way.
  const seconds = Math.round(Math.abs(Date.now() - milliseconds / 2 - (there + 500)) / 1000);
  const detail = `${seconds} s apart from the server`;
  if (seconds < clockLimits.warn) return { check: 'clock', status: 'ok', detail };
  const help = 'set the clock of one of the two, by NTP';
  return { check: 'clock', status: seconds < clockLimits.fail ? 'warn' : 'fail', detail, help };
}

async function* signingKey({ signingKey: keys }: Crosswalk): AsyncGenerator<Finding> {
  const all = yield* reading('signing key', () => keys.list());
  const signing = all?.find(({ state }) => state === 'SIGNING');
  if (signing === undefined) return;
  const days = Math.floor((Date.now() - Date.parse(signing.create_time)) / 86_400_000);
  const detail = `${signing.id} was made ${days} ${days === 1 ? 'day' : 'days'} ago`;
  if (days <= keyDays) yield { check: 'signing key', status: 'ok', detail };
  else yield { check: 'signing key', status: 'warn', detail, help: 'crosswalk keys rotate; see CROSSWALK_SIGNING_KEY_DAYS of the server' };
}

async function* webhooks({ webhookEndpoint }: Crosswalk): AsyncGenerator<Finding> {
  const endpoints = yield* reading('webhooks', () => webhookEndpoint.list());
  if (endpoints === undefined) return;
  // One that was disabled on purpose keeps since when it failed.
  const troubled = endpoints.filter((one) =>
    one.status === 'DISABLED' ? one.disabled_reason !== 'REQUESTED' : one.failing_since !== null,
  );
  if (troubled.length === 0)
    yield {
      check: 'webhooks',
      status: 'ok',
      detail: `${endpoints.length} ${endpoints.length === 1 ? 'endpoint' : 'endpoints'}, none fails`,
    };
  for (const { id, url, status, disabled_reason: reason, failing_since: since } of troubled) {
    const detail = status === 'DISABLED' ? `${id} ${url} was disabled: ${reason}` : `${id} ${url} fails since ${since}`;
    const then = status === 'DISABLED' ? `then crosswalk webhooks enable ${id}, and replay --failed` : 'mend the receiver';
    yield { check: 'webhooks', status: 'warn', detail, help: `see crosswalk webhooks deliveries ${id} --status failed; ${then}` };
  }
}

async function* mailbox({ mailbox: mails }: Crosswalk): AsyncGenerator<Finding> {
  const page = yield* reading('mail', async () => mails.list({ state: 'FAILED', pageSize: 1 }));
  if (page === undefined) return;
  const [first] = page.messages;
  if (first === undefined) {
    yield { check: 'mail', status: 'ok', detail: 'none was given up in the last 30 days' };
    return;
  }
  const detail = `${page.total_size} given up, the newest to ${first.to}: ${first.last_error ?? 'no reason is known'}`;
  yield { check: 'mail', status: 'warn', detail, help: 'check SMTP_URL and MAIL_FROM of the server, then send the invitations again' };
}

/** The settings of a server, as the environment has them here: each as it applies, or what is wrong with them. */
async function settings(env: Env): Promise<Finding[]> {
  const { readConfig, settingsInForce } = await import('@crosswalk/server');
  try {
    return settingsInForce(readConfig(env), env).map(({ name, value, isSet }) => {
      return { check: 'setting', status: 'ok', detail: `${name}: ${value}${isSet ? '' : ' (default)'}` };
    });
  } catch (error) {
    return [{ check: 'settings', status: 'fail', detail: messageOf(error), help: 'README has the table of settings' }];
  }
}

async function attempt(check: string, help: string, work: () => Promise<string>): Promise<Finding> {
  try {
    return { check, status: 'ok', detail: await work() };
  } catch (error) {
    return { check, status: 'fail', detail: messageOf(error), help };
  }
}

/** What a read gives; a finding, and undefined, when it fails. */
async function* reading<Answer>(check: string, read: () => PromiseLike<Answer>): AsyncGenerator<Finding, Answer | undefined> {
  try {
    return await read();
  } catch (error) {
    const help = error instanceof ConnectionError ? 'try again' : 'the client may lack the scope for this: use one that has it';
    yield { check, status: 'warn', detail: messageOf(error), help };
    return undefined;
  }
}

function line({ check, status, detail, help }: Finding): string {
  const color = { ok: paint.green, warn: paint.yellow, fail: paint.red }[status];
  return `${color(status.padEnd(4))}  ${check.padEnd(11)}  ${safeLines(detail)}${help === undefined ? '' : `\n${' '.repeat(19)}${safeLines(help)}`}\n`;
}
