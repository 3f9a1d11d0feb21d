import { type Crosswalk, ValidationError } from '@crosswalk/sdk';
import type { Command } from 'commander';
import type { Cli, CommonOptions } from './cli.ts';
import { Reworded, UsageError } from './exit.ts';
import { type ListOptions, type ListPage, printList, withPages } from './lists.ts';
import { wholeNumber } from './options.ts';
import { safe } from './print.ts';
import { type BodyOptions, bodyOf, type FieldOption, type JsonObject, withBody } from './record-input.ts';

/** How a command names a record. */
export interface Named {
  externalId?: string;
  system?: string;
  email?: string;
}

interface SystemOption {
  system?: string;
}

interface Match {
  ifMatch?: number | string;
  ifNoneMatch?: '*';
}

/** What can be done with records of one kind: calls of the SDK. */
export interface RecordCalls<RecordType> {
  get(id: string): Promise<RecordType>;
  getByExternalId(externalId: string, options: SystemOption): Promise<RecordType | null>;
  getByEmail?(email: string): Promise<RecordType | null>;
  list(query: ListQuery, signal?: AbortSignal): Promise<ListPage<RecordType>>;
  create(body: JsonObject): Promise<RecordType>;
  update(id: string, body: JsonObject, options: Match): Promise<RecordType>;
  updateByExternalId(externalId: string, body: JsonObject, options: SystemOption & Match): Promise<RecordType>;
  upsert(externalId: string, body: JsonObject, options: SystemOption & Match): Promise<{ record: RecordType; created: boolean }>;
  delete(id: string, options: Match): Promise<void>;
  deleteByExternalId(externalId: string, options: SystemOption & Match): Promise<void>;
}

/** Which records a list has. */
export interface ListQuery {
  pageSize: number;
  pageToken?: string;
  filter?: string;
  search?: string;
}

/** One kind of record, and how the commands speak of it. */
export interface Noun<RecordType> {
  /** `organization` */
  name: string;
  /** `an organization` */
  one: string;
  /** found by address too */
  hasEmail: boolean;
  /** what a deletion takes with it, for the question before it */
  deletes: string;
  fields: readonly FieldOption[];
  /** the option of the field that no record can be made without, such as `--name` */
  chief: string;
  /** only for new records: what `update` says with `--set-…` */
  keys: readonly FieldOption[];
  print(record: RecordType): string;
  printLine(record: RecordType): string;
  calls(crosswalk: Crosswalk): RecordCalls<RecordType>;
}

type WriteOptions = CommonOptions & Named & BodyOptions & Record<string, unknown> & { ifVersion?: number };

/** Adds `get`, `list`, `create`, `update`, `upsert` and `delete` of one kind of record. */
export function addRecordCommands<RecordType extends { id: string }>(cli: Cli, parent: Command, noun: Noun<RecordType>): void {
  const calls = (options: CommonOptions) => noun.calls(cli.connect(options));
  const show = (options: CommonOptions, record: RecordType) => cli.print(options, record, () => noun.print(record));
  const named = (command: Command) => {
    command
      .argument('[id]', 'its Crosswalk ID')
      .option('--external-id <id>', 'find it by an ID of your own')
      .option('--system <name>', 'the system that ID is of, such as stripe');
    return noun.hasEmail ? command.option('--email <address>', 'find it by address') : command;
  };
  const setters = noun.keys.map(({ flag, ...rest }) => ({ ...rest, flag: flag.replace('--', '--set-') }));
  const ifVersion = (command: Command) => command.option('--if-version <number>', 'only if it still has this version', wholeNumber(1));

  named(cli.command(parent, 'get', `show ${noun.one}`)).action(async (id: string | undefined, options: CommonOptions & Named) => {
    show(options, await find(calls(options), id, options));
  });

  withPages(cli.command(parent, 'list', `list ${noun.name}s, newest first`))
    .option('--filter <condition>', 'such as: metadata.plan = "pro" AND metadata.seats >= 100')
    .option('--search <text>', 'whose name or ID contains this text')
    .action(async (options: ListOptions & { filter?: string; search?: string }) => {
      const { filter, search } = options;
      if (filter !== undefined && search !== undefined) throw new UsageError('--filter or --search, not both');
      const { list } = calls(options);
      const wanted = { ...(filter === undefined ? {} : { filter }), ...(search === undefined ? {} : { search }) };
      await printList(cli, options, (page, signal) => list({ ...page, ...wanted }, signal), noun.printLine);
    });

  const created = [...noun.keys, ...noun.fields];
  withBody(withoutArguments(cli.command(parent, 'create', `make ${noun.one}`), noun.chief), created).action(
    async (options: WriteOptions) => {
      const body = await bodyOf(options, created, cli.streams, { creates: true });
      const chief = created.find(({ flag }) => flag === noun.chief);
      if (chief !== undefined && body[chief.path.join('.')] === undefined)
        throw new UsageError(`${noun.one} needs ${chief.flag}, ${chief.description}, or ${chief.path.join('.')} in --data`);
      show(options, await inOptions(created, calls(options).create(body)));
    },
  );

  withBody(ifVersion(named(cli.command(parent, 'update', `change ${noun.one}: fields that are not named stay`))), [
    ...setters,
    ...noun.fields,
  ]).action(async (id: string | undefined, options: WriteOptions) => {
    const how = wayOf(id, options, noun.hasEmail);
    const body = await bodyOf(options, [...setters, ...noun.fields], cli.streams);
    if (Object.keys(body).length === 0) throw new UsageError('say what to change: see --help for the fields');
    const { updateByExternalId, update, ...reading } = calls(options);
    const match = matchOf(options);
    const changed =
      how.by === 'externalId'
        ? updateByExternalId(how.value, body, { ...systemOf(options), ...match })
        : update(await idOf(reading, how), body, match);
    show(options, await inOptions([...setters, ...noun.fields], changed));
  });

  const upserted = [
    ...setters.filter(({ flag }) => flag === '--set-external-id'),
    ...noun.keys.filter(({ flag }) => flag !== '--external-id'),
  ];
  const upserting = cli.command(parent, 'upsert', `make ${noun.one}, or change the one that has this external ID`);
  withBody(withUpsertMatch(ifVersion(upserting)), [...upserted, ...noun.fields])
    .requiredOption('--external-id <id>', 'its ID of your own')
    .option('--system <name>', 'the system that ID is of, such as stripe')
    .action(async (options: WriteOptions & UpsertMatch & { externalId: string }) => {
      const match = upsertMatchOf(options);
      const body = await bodyOf(options, [...upserted, ...noun.fields], cli.streams);
      const upsert = calls(options).upsert(options.externalId, body, { ...systemOf(options), ...match });
      const { record, created } = await inOptions([...upserted, ...noun.fields], upsert);
      cli.print(options, { [noun.name]: record, created }, () => noun.print(record));
      cli.say(`${created ? 'created' : 'updated'} ${record.id}`);
    });

  ifVersion(named(cli.command(parent, 'delete', `delete ${noun.one} ${noun.deletes}`)))
    .option('--yes', 'do not ask')
    .action(async (id: string | undefined, options: WriteOptions & { yes?: boolean }) => {
      const how = wayOf(id, options, noun.hasEmail);
      const name = safe(how.value);
      const { delete: remove, deleteByExternalId, ...reading } = calls(options);
      await cli.confirm(`Delete the ${noun.name} ${name} ${noun.deletes}?`, options);
      const match = matchOf(options);
      if (how.by === 'externalId') await deleteByExternalId(how.value, { ...systemOf(options), ...match });
      else await remove(await idOf(reading, how), match);
      cli.print(options, { deleted: how.value }, () => '');
      cli.say(`deleted ${name}`);
    });
}

/** Has a command without arguments tell whoever gives it one which option it may be meant for. */
function withoutArguments(command: Command, flag: string): Command {
  return command.allowExcessArguments().hook('preAction', (_command, { args: [first] }) => {
    if (first !== undefined)
      throw new UsageError(`nothing takes "${safe(first)}": is it meant for ${flag}? A value with spaces needs quotes`);
  });
}

/** What a call resolves to; of a field that it is refused for, the option is told that sets it. */
export async function inOptions<Result>(fields: readonly FieldOption[], call: Promise<Result>): Promise<Result> {
  try {
    return await call;
  } catch (error) {
    if (!(error instanceof ValidationError)) throw error;
    const flags = fields.filter(({ path }) => error.fieldViolations.some(({ field }) => field === path.join('.'))).map(({ flag }) => flag);
    if (flags.length === 0) throw error;
    throw new Reworded(`${error.message}: see ${flags.join(', ')}`, error);
  }
}

type FindingByOwn<RecordType> = Pick<RecordCalls<RecordType>, 'getByExternalId' | 'getByEmail'>;
type Reading<RecordType> = FindingByOwn<RecordType> & Pick<RecordCalls<RecordType>, 'get'>;

interface Way {
  by: 'id' | 'externalId' | 'email';
  value: string;
}

/** The one way in which the record is named. */
function wayOf(id: string | undefined, { externalId, email, system }: Named, hasEmail: boolean): Way {
  const ways = [
    ['id', id],
    ['externalId', externalId],
    ['email', email],
  ] as const;
  const [way, second] = ways.flatMap(([by, value]) => (value === undefined ? [] : [{ by, value }]));
  if (way === undefined || second !== undefined)
    throw new UsageError(
      hasEmail
        ? 'name the user in one way: by ID, with --external-id or with --email (a new address goes with --set-email)'
        : 'name the record either by its ID or with --external-id',
    );
  if (system !== undefined && way.by !== 'externalId') throw new UsageError('--system goes with --external-id');
  if (way.value === '') throw new UsageError('the ID of the record is empty');
  if (way.by === 'id') refuseOwnId(way.value, hasEmail ? '--external-id, an address with --email' : '--external-id');
  return way;
}

/** A `UsageError` that names the option for IDs of one's own, when one of them is given as an ID of Crosswalk. */
export function refuseOwnId(id: string, option: string): void {
  if (!/^[a-z]+_[0-9]+$/.test(id)) throw new UsageError(`${safe(id)} is no ID of Crosswalk; an ID of your own goes with ${option}`);
}

async function find<RecordType>(calls: Reading<RecordType>, id: string | undefined, named: Named): Promise<RecordType> {
  const way = wayOf(id, named, calls.getByEmail !== undefined);
  return way.by === 'id' ? calls.get(way.value) : findByOwn(calls, way, named);
}

/** The Crosswalk ID of a record that is named in one of the ways: asked for, unless it is the way. */
export async function idOfNamed(calls: FindingByOwn<{ id: string }>, id: string | undefined, named: Named): Promise<string> {
  const way = wayOf(id, named, calls.getByEmail !== undefined);
  return way.by === 'id' ? way.value : (await findByOwn(calls, way, named)).id;
}

/** The record that has an external ID or an address. */
async function findByOwn<RecordType>(calls: FindingByOwn<RecordType>, { by, value }: Way, named: Named): Promise<RecordType> {
  const record = by === 'email' ? await calls.getByEmail?.(value) : await calls.getByExternalId(value, systemOf(named));
  return found(record, value, by === 'externalId' && named.system === undefined);
}

async function idOf<RecordType extends { id: string }>(calls: Reading<RecordType>, { by, value }: Way): Promise<string> {
  return by === 'email' ? found(await calls.getByEmail?.(value), value).id : value;
}

/** The record, or an error that names what was looked for; of an ID of no system in particular, how to look in all of them. */
export function found<RecordType>(record: RecordType | null | undefined, name: string, isPrimary = false): RecordType {
  if (record !== null && record !== undefined) return record;
  throw new Error(
    isPrimary
      ? `nothing has the primary external ID ${name}: an ID of another system goes with --system, and crosswalk resolve looks in all of them`
      : `nothing has the ID ${name}`,
  );
}

function systemOf({ system }: SystemOption): SystemOption {
  return system === undefined ? {} : { system };
}

/** What an upsert is held to. */
export interface UpsertMatch {
  createOnly?: boolean;
  updateOnly?: boolean;
  ifVersion?: number;
}

/** Adds what holds an upsert to one of the two that it does. */
export function withUpsertMatch(command: Command): Command {
  return command.option('--create-only', 'fail if it is there').option('--update-only', 'fail if it is not there');
}

/** The precondition of an upsert. A `UsageError` where there are two. */
export function upsertMatchOf(options: UpsertMatch): Match {
  const { createOnly, updateOnly, ifVersion } = options;
  if ([createOnly, updateOnly, ifVersion].filter(Boolean).length > 1)
    throw new UsageError('only one of --create-only, --update-only and --if-version can be meant');
  return createOnly ? { ifNoneMatch: '*' } : updateOnly ? { ifMatch: '*' } : matchOf(options);
}

/** The precondition of `--if-version`. */
export function matchOf({ ifVersion }: { ifVersion?: number }): { ifMatch?: number } {
  return ifVersion === undefined ? {} : { ifMatch: ifVersion };
}
