import { createRequire } from 'node:module';
import { AuthenticationError, ConnectionError, CrosswalkError, PreconditionError } from '@crosswalk/sdk';
import { Command, CommanderError } from 'commander';
import { Cli } from './cli.ts';
import { addCompletion } from './completion.ts';
import type { Env } from './connect.ts';
import { addDoctor } from './doctor.ts';
import { messageOf } from './errors.ts';
import { addEvents } from './events.ts';
import { Ended, exitStatus, Reworded, UsageError } from './exit.ts';
import { addExport } from './export.ts';
import { addForwarding } from './forward.ts';
import { addImport } from './import/command.ts';
import { addIndexes } from './indexes.ts';
import { addKeys } from './keys.ts';
import { addLogin } from './login.ts';
import { addMembers } from './members.ts';
import { addOrgs } from './orgs.ts';
import { safeLines } from './print.ts';
import { addReconcile } from './reconcile/command.ts';
import { addRekey } from './rekey.ts';
import { addResolve } from './resolve.ts';
import { addServe } from './serve.ts';
import { processStreams, type Streams } from './streams.ts';
import { addUsers } from './users.ts';
import { addWebhooks } from './webhooks.ts';

const { version }: { version: string } = createRequire(import.meta.url)('../package.json');

/** Runs the command with its arguments (without program names); resolves to the exit status. */
export async function run(args: string[], env: Env, streams: Streams = processStreams(env)): Promise<number> {
  let status: number = exitStatus.ok;
  const program = buildProgram(env, streams);
  try {
    await program.parseAsync(args, { from: 'user' });
  } catch (error) {
    status = report(error, streams);
  }
  try {
    await streams.end?.();
  } catch (error) {
    if (status === exitStatus.ok) status = report(error, streams);
  }
  return status;
}

function buildProgram(env: Env, streams: Streams): Command {
  const program = new Command('crosswalk')
    .description('A directory of organizations and users, addressed by the IDs you already have.')
    .version(version, '--version', 'print the version')
    .exitOverride()
    // What stands behind a command is that command's, also where the one above it has an option of the same name.
    .enablePositionalOptions()
    .configureOutput({ writeOut: streams.out, writeErr: streams.err })
    .addHelpText('after', '\nExit status: 0 done, 1 failed, 2 called wrongly, 3 done but for some records, 130 interrupted.');
  const cli = new Cli(env, streams);
  const group = (name: string, description: string) => program.command(name).description(description);

  addServe(program, env);
  addLogin(cli, program);
  addOrgs(cli, group('orgs', 'organizations'));
  addUsers(cli, group('users', 'users'));
  addMembers(cli, group('members', 'who belongs to which organization'));
  addResolve(cli, program);
  addRekey(cli, program);
  addImport(cli, program);
  addExport(cli, program);
  addReconcile(cli, program);
  addEvents(cli, group('events', 'what changed'));
  const webhooks = group('webhooks', 'where events are sent');
  addWebhooks(cli, webhooks);
  addForwarding(cli, webhooks);
  addKeys(cli, group('keys', 'what signs the tokens'));
  addIndexes(cli, group('indexes', 'what makes comparisons of metadata fast'));
  addDoctor(cli, program);
  addCompletion(program, streams.out);
  tellHelp(program, 'crosswalk');
  return program;
}

/** Has each command name its own help after what is wrong with a call of it. */
function tellHelp(command: Command, name: string): void {
  command.showHelpAfterError(`(see ${name} --help)`);
  for (const below of command.commands) tellHelp(below, `${name} ${below.name()}`);
}

/** Tells what went wrong and gives the exit status. */
export function report(error: unknown, { err }: Streams): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? exitStatus.ok : exitStatus.usage;
  if (error instanceof Ended) return error.status;
  err(`crosswalk: ${safeLines(toldOf(error))}\n`);
  if (error instanceof UsageError) return exitStatus.usage;
  const failure = error instanceof Reworded ? error.failure : error;
  if (!(failure instanceof CrosswalkError)) return exitStatus.failed;
  const help = helpOf(failure);
  if (help !== undefined) err(`  ${help}\n`);
  // A refusal in the form of OAuth has no code of the catalogue.
  const code = failure.errorCode === 'UNKNOWN' ? '' : ` (${failure.errorCode})`;
  if (failure.requestId !== undefined) err(`  request ${failure.requestId}${code}\n`);
  return exitStatus.failed;
}

/** What went wrong. A precondition is told without the name of its header: here it is an option. */
function toldOf(error: unknown): string {
  if (!(error instanceof PreconditionError)) return messageOf(error);
  if (error.errorCode === 'DOES_NOT_EXIST') return 'there is no such record: without --update-only and --if-version it is made';
  return error.message.replace(/^If-(None-)?Match: /, '');
}

/** What to look at after a failure that is none of what was asked. */
function helpOf(failure: CrosswalkError): string | undefined {
  if (failure instanceof ConnectionError) return 'check the URL and the network, and that the server runs: crosswalk doctor tells more';
  if (failure instanceof AuthenticationError)
    return 'check the client ID and the secret, in the environment variables or the profile (crosswalk login): crosswalk doctor tells more';
  return undefined;
}
