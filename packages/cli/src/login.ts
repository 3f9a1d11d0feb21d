import type { Command } from 'commander';
import type { Cli, CommonOptions } from './cli.ts';
import type { Credentials } from './connect.ts';
import { messageOf } from './errors.ts';
import { Ended, exitStatus, UsageError } from './exit.ts';
import { safe } from './print.ts';
import { defaultProfile, Profiles } from './profiles.ts';
import { readAll } from './streams.ts';
import { requestToken } from './token.ts';

interface LoginOptions extends CommonOptions {
  url?: string;
  clientId?: string;
}

/** Adds `login`, `logout` and `profiles`. */
export function addLogin(cli: Cli, program: Command): void {
  cli
    .command(program, 'login', 'keep the credentials of an environment for this user, under the name of a profile')
    .option('--url <url>', 'URL of the environment')
    .option('--client-id <id>', 'client ID')
    .addHelpText('after', '\nThe secret is asked for, or read from standard input when that is no terminal.')
    .action(async (options: LoginOptions) => {
      const profile = nameOf(options);
      const credentials = await credentialsFrom(cli, options);
      try {
        await requestToken(credentials);
      } catch (error) {
        throw new Error(
          `${credentials.url} gives no token: ${messageOf(error)}. Nothing was kept: check the URL, the client ID and the secret`,
        );
      }
      const profiles = new Profiles(cli.env);
      profiles.write(new Map([...profiles.read(), [profile, credentials]]));
      cli.print(options, { profile, url: credentials.url, client_id: credentials.clientId }, () => '');
      cli.say(`logged in: the profile ${profile} is kept in ${profiles.path}`);
    });

  cli.command(program, 'logout', 'remove a profile').action(async (options: CommonOptions) => {
    const profile = nameOf(options);
    const profiles = new Profiles(cli.env);
    const kept = profiles.read();
    if (!kept.delete(profile)) throw new UsageError(`there is no profile ${profile}: crosswalk profiles lists them`);
    profiles.write(kept);
    cli.print(options, { removed: profile }, () => '');
    cli.say(`the profile ${profile} was removed; its client is valid until it is deleted at the server`);
  });

  cli.command(program, 'profiles', 'list the profiles, without their secrets').action((options: CommonOptions) => {
    const profiles = [...new Profiles(cli.env).read()].map(([name, { url, clientId }]) => ({ name, url, client_id: clientId }));
    const width = Math.max(0, ...profiles.map(({ name }) => name.length));
    cli.print(options, profiles, () =>
      profiles.map(({ name, url, client_id: id }) => `${safe(name.padEnd(width))}  ${safe(id)}  ${safe(url)}\n`).join(''),
    );
    if (profiles.length === 0) cli.say('there are none: make one with crosswalk login');
  });

  /** The profile that is meant; its name goes into messages and a file. */
  function nameOf({ profile = cli.env.CROSSWALK_PROFILE || defaultProfile }: CommonOptions): string {
    if (!/^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/.test(profile) || profile === '__proto__')
      throw new UsageError('the name of a profile has letters, digits, dots, hyphens and underscores, and begins with a letter or digit');
    return profile;
  }
}

/** The credentials: what the options do not say is asked for at the terminal. Without one, the lines of standard input are the rest. */
async function credentialsFrom(cli: Cli, { url, clientId }: LoginOptions): Promise<Credentials> {
  const { input, terminal } = cli.streams;
  if (input?.isTTY === true && terminal !== undefined) {
    const { password, text } = await import('@clack/prompts');
    const io = { input, output: process.stderr };
    const wanted = (what: string) => (value: string | undefined) => (value ? undefined : `The ${what} is needed.`);
    const answer = async (asked: Promise<string | symbol>): Promise<string> => {
      const given = await asked;
      if (typeof given === 'string') return given;
      cli.say('nothing was kept');
      throw new Ended(exitStatus.interrupted);
    };
    return {
      url: urlOf(
        url ??
          (await answer(text({ message: 'URL of the environment', placeholder: 'http://localhost:8080', validate: wanted('URL'), ...io }))),
      ),
      clientId: clientId ?? (await answer(text({ message: 'Client ID', placeholder: 'skc_…', validate: wanted('client ID'), ...io }))),
      clientSecret: await answer(password({ message: 'Client secret', validate: wanted('secret'), ...io })),
    };
  }
  const lines = (await readAll(input))
    .split('\n')
    .map((line) => line.trim())
    .filter(Boolean);
  const given = { url: url ?? lines.shift(), clientId: clientId ?? lines.shift(), clientSecret: lines.shift() };
  if (!given.url || !given.clientId || !given.clientSecret)
    throw new UsageError(
      'standard input must have the secret, after the URL and the client ID unless --url and --client-id name them, a line each',
    );
  return { url: urlOf(given.url), clientId: given.clientId, clientSecret: given.clientSecret };
}

function urlOf(text: string): string {
  if (!URL.canParse(text) || !/^https?:$/.test(new URL(text).protocol))
    throw new UsageError('the URL of the environment must begin with http:// or https://');
  const { username, password } = new URL(text);
  if (username + password !== '') throw new UsageError('the URL must not hold a user or password');
  return text.replace(/\/+$/, '');
}
