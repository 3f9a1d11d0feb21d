import { type Crosswalk, CrosswalkError } from '@crosswalk/sdk';
import type { Command } from 'commander';
import { connect, type Env } from './connect.ts';
import { Ended, exitStatus, Reworded, UsageError } from './exit.ts';
import { Interrupt } from './interrupt.ts';
import { plain } from './paint.ts';
import type { Streams } from './streams.ts';
import { standardOutput } from './whole-file.ts';

/** Options that every command has. */
export interface CommonOptions {
  json?: boolean;
  profile?: string;
}

/** What the commands are made with: the one way to declare them, to reach the server, to print and to ask. */
export class Cli {
  readonly env: Env;
  readonly streams: Streams;

  constructor(env: Env, streams: Streams) {
    this.env = env;
    this.streams = streams;
  }

  /** A command below another, with the options that all have. */
  command(parent: Command, usage: string, description: string): Command {
    return parent
      .command(usage)
      .description(description)
      .option('--json', 'print JSON')
      .option('--profile <name>', 'use the credentials of this profile (see crosswalk login)');
  }

  connect({ profile }: CommonOptions): Crosswalk {
    return connect(this.env, profile);
  }

  /** Prints data: as JSON when that is asked for, else as text for people. */
  print({ json }: CommonOptions, value: unknown, text: () => string): void {
    if (json === true) this.streams.out(`${JSON.stringify(value, null, 2)}\n`);
    else this.write(text());
  }

  /** Prints data that goes with a file that is written; where that file is standard output, it is told to people beside it. */
  printBeside(file: string | undefined, options: CommonOptions, value: unknown, text: () => string): void {
    if (file === standardOutput) this.say(plain(text()).trimEnd());
    else this.print(options, value, text);
  }

  /** Prints a list: as JSON when that is asked for, else each item as text. */
  printItems<Item>(options: CommonOptions, items: readonly Item[], textOf: (item: Item) => string, separator = ''): void {
    this.print(options, items, () => items.map(textOf).join(separator));
    if (items.length === 0) this.sayEmpty(options);
  }

  /** Tells that a list has nothing, where text alone would say nothing. */
  sayEmpty({ json }: CommonOptions): void {
    if (json !== true) this.say('there is nothing to list');
  }

  /** Prints one of many records: a line of JSON or of text. Resolves when there is room for the next. */
  async printLine({ json }: CommonOptions, value: unknown, text: () => string): Promise<void> {
    if (json === true) this.streams.out(`${JSON.stringify(value)}\n`);
    else this.write(text());
    await this.streams.drained?.();
  }

  /** Prints a file as it comes, no faster than it is taken. */
  async printBytes(parts: AsyncIterable<Uint8Array | string>): Promise<void> {
    const decoder = new TextDecoder();
    for await (const part of parts) {
      this.streams.out(typeof part === 'string' ? part : decoder.decode(part, { stream: true }));
      await this.streams.drained?.();
    }
  }

  /** Writes text for people, with its colours where they show. */
  write(text: string): void {
    this.streams.out(this.streams.outShowsColors === true ? text : plain(text));
  }

  /** Tells something that is no data. */
  say(line: string): void {
    this.streams.err(`${line}\n`);
  }

  /** Asks before something that cannot be undone; without a terminal to ask at, a `UsageError` unless `--yes` was given. */
  async confirm(question: string, { yes }: { yes?: boolean }): Promise<void> {
    if (yes === true) return;
    const { input } = this.streams;
    if (input?.isTTY !== true || this.streams.terminal === undefined) throw new UsageError(`${question} Add --yes to do it`);
    // Loaded when there is something to ask: other commands begin without waiting for it.
    const { confirm } = await import('@clack/prompts');
    const answer = await confirm({ message: question, initialValue: false, input, output: process.stderr });
    if (answer === true) return;
    this.say('nothing was done');
    throw new Ended(answer === false ? exitStatus.failed : exitStatus.interrupted);
  }

  /**
   * Does something that may take long; `work` resolves to whether all is done. After Ctrl-C its signal is aborted, and when it ends then
   * with something left, the command ends with the status of an interruption. `resume` tells how to go on, where there is a way; it is told
   * after a failure too, unless what was asked was wrong. `prints`: all it does is to print, so that it ends as well when nobody reads that.
   */
  async interruptible(
    work: (signal: AbortSignal) => Promise<boolean>,
    resume: () => string | undefined,
    { prints = false } = {},
  ): Promise<void> {
    const interrupt = new Interrupt();
    const unread = prints ? this.streams.unread : undefined;
    let done = false;
    try {
      const working = work(AbortSignal.any([interrupt.signal, ...(unread === undefined ? [] : [unread])]));
      // A stream that is given up while it is aborted may not end: nothing waits for it.
      const given = new Promise<never>((_resolve, reject) =>
        unread?.addEventListener('abort', () => reject(unread.reason), { once: true }),
      );
      done = await Promise.race([working, given]);
      if (interrupt.status === undefined) unread?.throwIfAborted();
    } catch (error) {
      if (interrupt.status === undefined) unread?.throwIfAborted();
      const hint = resume();
      const failure = error instanceof Reworded ? error.failure : error;
      const isRefused =
        failure instanceof UsageError || (failure instanceof CrosswalkError && failure.status >= 400 && failure.status < 500);
      if (interrupt.status === undefined && !isRefused && hint !== undefined) this.say(hint);
      if (interrupt.status === undefined) throw error;
    } finally {
      interrupt.end();
    }
    if (done || interrupt.status === undefined) return;
    this.say(['interrupted', resume()].filter(Boolean).join('; '));
    throw new Ended(interrupt.status);
  }
}
