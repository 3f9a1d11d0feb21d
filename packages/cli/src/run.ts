import { CrosswalkError, type Organization, type User } from '@crosswalk/sdk';
import { Command, CommanderError } from 'commander';
import { connect, type Env } from './connect.ts';
import { Ended, exitStatus, UsageError } from './exit.ts';
import { addImportScalekit } from './import-scalekit/index.ts';
import { printOrganization, printResolved, printUser } from './print.ts';
import { processStreams, type Streams } from './streams.ts';

/** Runs the command with its arguments (without program names); resolves to the exit status. */
export async function run(args: string[], env: Env, streams: Streams = processStreams(env)): Promise<number> {
  let status: number = exitStatus.ok;
  const program = buildProgram(env, streams);
  try {
    await program.parseAsync(args, { from: 'user' });
  } catch (error) {
    status = report(error, streams);
  }
  return status;
}

function buildProgram(env: Env, streams: Streams): Command {
  const { out, err } = streams;
  const program = new Command('crosswalk')
    .description('A directory of organizations and users, addressed by the IDs you already have.')
    .exitOverride()
    .showHelpAfterError('(see crosswalk --help)')
    .configureOutput({ writeOut: out, writeErr: err });
  const connected = (command: Command) => command.option('--json', 'print the answer as JSON');
  const print = (json: boolean | undefined, value: unknown, text: () => string) =>
    out(json === true ? `${JSON.stringify(value, null, 2)}\n` : text());

  program
    .command('serve')
    .description('start the server; settings come from the environment')
    .action(async () => {
      // Loaded by this command alone: the others begin without waiting for a server they do not need.
      const { main: serve } = await import('@crosswalk/server');
      await serve(env);
    });

  const orgs = program.command('orgs').description('organizations');
  connected(orgs.command('get').description('show an organization').argument('[id]', 'its Crosswalk ID'))
    .option('--external-id <id>', 'find it by an ID of your own')
    .option('--system <name>', 'the system that ID is of, such as stripe')
    .action(async (id: string | undefined, options: { externalId?: string; system?: string; json?: boolean }) => {
      const crosswalk = connect(env);
      const organization = await find<Organization>(id, options, {
        byId: (value) => crosswalk.organization.get(value),
        byExternalId: (value, system) => crosswalk.organization.getByExternalId(value, system),
      });
      print(options.json, organization, () => printOrganization(organization));
    });

  const users = program.command('users').description('users');
  connected(users.command('get').description('show a user').argument('[id]', 'their Crosswalk ID'))
    .option('--external-id <id>', 'find them by an ID of your own')
    .option('--system <name>', 'the system that ID is of, such as workday')
    .option('--email <address>', 'find them by address')
    .action(async (id: string | undefined, options: { externalId?: string; system?: string; email?: string; json?: boolean }) => {
      const crosswalk = connect(env);
      const { email } = options;
      const user =
        email === undefined
          ? await find<User>(id, options, {
              byId: (value) => crosswalk.user.getUser(value),
              byExternalId: (value, system) => crosswalk.user.getByExternalId(value, system),
            })
          : found(await crosswalk.user.getByEmail(email), email);
      print(options.json, user, () => printUser(user));
    });

  connected(
    program.command('resolve').description('tell which records IDs of any sort lead to').argument('<ids...>', 'up to 1,000 IDs'),
  ).action(async (ids: string[], options: { json?: boolean }) => {
    const results = await connect(env).resolve(ids);
    print(options.json, results, () => printResolved(results));
    if (results.some(({ matches }) => matches.length === 0)) throw new Error('some IDs lead nowhere');
  });

  addImportScalekit(program.command('import').description('bring records from elsewhere'), env, streams);

  return program;
}

async function find<RecordType>(
  id: string | undefined,
  { externalId, system }: { externalId?: string; system?: string },
  by: { byId: (id: string) => Promise<RecordType>; byExternalId: (id: string, options: { system?: string }) => Promise<RecordType | null> },
): Promise<RecordType> {
  if (externalId !== undefined && id === undefined)
    return found(await by.byExternalId(externalId, system === undefined ? {} : { system }), externalId);
  if (id === undefined || externalId !== undefined) throw new UsageError('name the record either by its ID or with --external-id');
  return by.byId(id);
}

function found<RecordType>(record: RecordType | null, name: string): RecordType {
  if (record === null) throw new Error(`nothing has the ID ${name}`);
  return record;
}

/** Tells what went wrong and gives the exit status. */
function report(error: unknown, { err }: Streams): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? exitStatus.ok : exitStatus.usage;
  if (error instanceof Ended) return error.status;
  if (error instanceof UsageError) {
    err(`crosswalk: ${error.message}\n`);
    return exitStatus.usage;
  }
  err(`crosswalk: ${error instanceof Error ? error.message : String(error)}\n`);
  if (error instanceof CrosswalkError && error.requestId !== undefined) err(`  request ${error.requestId} (${error.errorCode})\n`);
  return exitStatus.failed;
}
