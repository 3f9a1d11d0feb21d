import { Crosswalk, CrosswalkError } from '@crosswalk/sdk';
import type { Env } from '../connect.ts';
import { messageOf } from '../errors.ts';
import { Ended, exitStatus, UsageError } from '../exit.ts';
import { Interrupt } from '../interrupt.ts';
import { figure, safe } from '../print.ts';
import { Progress } from '../progress.ts';
import type { Streams } from '../streams.ts';
import { inFlight } from './in-flight.ts';
import { organizationPhase } from './organizations.ts';
import { permissionPhase } from './permissions.ts';
import type { Phase, PhasePage, Work } from './phase.ts';
import { rolePhase } from './roles.ts';
import type { ImportSettings } from './settings.ts';
import { ScalekitSource } from './source.ts';
import { isRefusal } from './source-error.ts';
import { type ImportIdentity, type ImportState, StateFile } from './state.ts';
import { printSummary, summaryOf } from './summary.ts';
import { addTally, conflictsIn, emptyTally, type Kind, outcomes, recordsIn, type Tally } from './tally.ts';
import { targetError } from './target.ts';
import { userLimitPhase } from './user-limits.ts';
import { userPhase } from './users.ts';

/** Records that are written at the same time: enough to keep a server busy, few enough for it to have time for others. */
const recordsInFlight = 8;

/**
 * Imports a Scalekit environment. Resolves when all of it was imported; rejects with `Ended` when it was not, after telling why and how
 * to go on, and with a `UsageError` when the state file is of another import.
 */
export async function importScalekit(settings: ImportSettings, streams: Streams, env: Env): Promise<void> {
  const running = new Import(settings, streams, env);
  try {
    await running.run();
  } catch (error) {
    if (error instanceof Ended || error instanceof UsageError) throw error;
    running.tellFailure(error);
    throw new Ended(exitStatus.failed);
  } finally {
    running.end();
  }
}

class Import {
  readonly #settings: ImportSettings;
  readonly #streams: Streams;
  readonly #progress: Progress;
  readonly #interrupt: Interrupt;
  readonly #source: ScalekitSource;
  readonly #work: Work;
  readonly #stateFile: StateFile;
  readonly #startedAt = performance.now();
  /** undefined until both sides have answered */
  #state: ImportState | undefined;
  /** records that runs before this one have done */
  #before = 0;
  /** what was done of the page that is being imported */
  #page = emptyTally();
  #total: number | undefined;

  constructor(settings: ImportSettings, streams: Streams, env: Env) {
    const { url, clientId, clientSecret } = settings.target;
    this.#settings = settings;
    this.#streams = streams;
    this.#source = new ScalekitSource(settings.source);
    this.#stateFile = new StateFile(settings.stateFile);
    this.#work = {
      source: this.#source,
      crosswalk: new Crosswalk(url, clientId, clientSecret),
      invitations: settings.invitations,
      dryRun: settings.dryRun,
      refused: new Set(),
      tellConflict: (kind, id, reason) => this.#tellConflict(kind, id, reason),
    };
    this.#progress = new Progress(streams, env, () => this.#describe());
    this.#interrupt = new Interrupt(() => this.#progress.say('Finishing the records in flight; Ctrl-C again ends at once'));
  }

  async run(): Promise<void> {
    const state = await this.#begin();
    const phases = [permissionPhase, rolePhase, organizationPhase, userPhase, userLimitPhase].map((phase) => phase(this.#work));
    const first = phases.findIndex(({ name }) => name === state.phase);
    for (const phase of phases.slice(first)) {
      if (phase.name !== state.phase) {
        addTally(state.tally, state.phase_tally);
        Object.assign(state, { phase: phase.name, page_token: '', phase_tally: emptyTally() });
        await this.#save(state);
      }
      await this.#importPhase(phase, state);
    }
    addTally(state.tally, state.phase_tally);
    state.phase_tally = emptyTally();
    if (!this.#settings.dryRun) await this.#stateFile.remove();
    this.#tellEnd(state);
  }

  end(): void {
    this.#progress.end();
    this.#interrupt.end();
    this.#source.close();
  }

  /** Makes sure of both sides, and finds out how far the import is. */
  async #begin(): Promise<ImportState> {
    const { source, target, invitations, dryRun } = this.#settings;
    await this.#source.authenticate();
    const [role] = await this.#work.crosswalk.role.list();
    const identity: ImportIdentity = {
      source: { url: source.url, client_id: source.clientId },
      target: { url: target.url, environment_id: role?.environment_id ?? '' },
      invitations,
    };
    const saved = dryRun ? undefined : await this.#stateFile.read(identity);
    const blank = { page_token: '', tally: emptyTally(), phase_tally: emptyTally() };
    const state: ImportState = saved ?? { crosswalk_import: 1, ...identity, phase: 'permissions', ...blank };
    this.#before = recordsIn(state.tally) + recordsIn(state.phase_tally);
    if (saved !== undefined)
      this.#progress.say(`Going on where ${this.#stateFile.path} says: at ${label(saved.phase)}, after ${figure(this.#before)} records`);
    // A place that cannot be written shows before anything was done.
    await this.#save(state);
    this.#state = state;
    return state;
  }

  async #save(state: ImportState): Promise<void> {
    if (!this.#settings.dryRun) await this.#stateFile.write(state);
  }

  /** Imports the pages of a phase from where its state is. The next page is read while one is written. */
  async #importPhase(phase: Phase, state: ImportState): Promise<void> {
    this.#total = undefined;
    let reading: Promise<PhasePage> | undefined = this.#firstPage(phase, state);
    while (reading !== undefined) {
      const page: PhasePage = await this.#unlessInterrupted(reading);
      reading = page.next === '' ? undefined : phase.read(page.next);
      // It is awaited in the next round, if there is one.
      reading?.catch(() => {});
      this.#total = page.total;
      const tally = emptyTally();
      this.#page = tally;
      const jobs = (await page.jobs()).map((job) => () => job(tally));
      const done = await inFlight(jobs, recordsInFlight, () => this.#interrupt.signal.aborted);
      // A page that was begun is done again from its first record: those that are done are found unchanged.
      if (!done) this.#endInterrupted();
      addTally(state.phase_tally, tally);
      this.#page = emptyTally();
      state.page_token = page.next;
      if (reading !== undefined) await this.#save(state);
    }
    this.#progress.keep();
  }

  /** The page that the state names; the first one when Scalekit takes the token no more. */
  async #firstPage(phase: Phase, state: ImportState): Promise<PhasePage> {
    try {
      return await phase.read(state.page_token);
    } catch (error) {
      if (state.page_token === '' || !isRefusal(error)) throw error;
      this.#progress.say(`Scalekit does not know the page of ${label(phase.name)} any more: they begin anew`);
      Object.assign(state, { page_token: '', phase_tally: emptyTally() });
      return phase.read('');
    }
  }

  async #unlessInterrupted<Result>(work: Promise<Result>): Promise<Result> {
    const { signal } = this.#interrupt;
    if (signal.aborted) this.#endInterrupted();
    let stop = () => {};
    const stopped = new Promise<void>((resolve) => {
      stop = resolve;
      signal.addEventListener('abort', stop);
    });
    try {
      const result = await Promise.race([work, stopped.then(() => undefined)]);
      return result === undefined ? this.#endInterrupted() : result;
    } finally {
      signal.removeEventListener('abort', stop);
    }
  }

  #endInterrupted(): never {
    this.#progress.end();
    this.#progress.say(`Stopped. ${this.#wayOn()}`);
    throw new Ended(this.#interrupt.status ?? exitStatus.failed);
  }

  /** Tells a failure that ended the import: where, why, and how to go on. */
  tellFailure(error: unknown): void {
    this.#progress.end();
    const text = error instanceof CrosswalkError ? targetError(this.#settings.target, error) : messageOf(error);
    this.#progress.say(`crosswalk: ${safe(text)}`);
    if (this.#state !== undefined) this.#progress.say(this.#wayOn());
  }

  #wayOn(): string {
    if (this.#settings.dryRun) return 'It was a dry run: nothing was written';
    const { path } = this.#stateFile;
    return `${path} keeps how far it is: the same command goes on from there`;
  }

  #tellConflict(kind: Kind, id: string, reason: string): void {
    this.#progress.say(`${this.#progress.color.yellow('conflict')}  ${label(kind)}  ${safe(id)}: ${safe(reason)}`);
  }

  #tellEnd(state: ImportState): void {
    this.#progress.end();
    const seconds = (performance.now() - this.#startedAt) / 1000;
    const summary = summaryOf(state.tally, state, this.#settings, seconds, this.#before);
    this.#progress.say(printSummary(summary, this.#progress.color));
    if (this.#settings.json) this.#streams.out(`${JSON.stringify(summary, null, 2)}\n`);
    if (summary.conflicts_total > 0) throw new Ended(exitStatus.partial);
  }

  /** The line of progress. */
  #describe(): string {
    const state = this.#state;
    if (state === undefined) return 'connecting';
    const seconds = (performance.now() - this.#startedAt) / 1000;
    const all = [state.tally, state.phase_tally, this.#page];
    const records = all.reduce((sum, tally) => sum + recordsIn(tally), 0) - this.#before;
    const conflicts = all.reduce((sum, tally) => sum + conflictsIn(tally), 0);
    const done = doneIn(state.phase, state.phase_tally) + doneIn(state.phase, this.#page);
    const of = this.#total === undefined || this.#total < done ? '' : ` of ${figure(this.#total)}`;
    const troubles = conflicts === 0 ? '' : ` · ${figure(conflicts)} conflicts`;
    return `${label(state.phase)}  ${figure(done)}${of} · ${figure(Math.round(records / seconds))} records/s${troubles}`;
  }
}

/** How many records of the kind that a phase is named after are in a tally. */
function doneIn(kind: Kind, { counts }: Tally): number {
  return outcomes.reduce((sum, outcome) => sum + counts[kind][outcome], 0);
}

/** The name of a kind for people to read. */
function label(kind: Kind): string {
  return kind.replaceAll('_', ' ');
}
