/** What ends what was started, the last one first. */
const closers: (() => Promise<void>)[] = [];

/** Notes how to end something. */
export function onClose(close: () => Promise<void>): void {
  closers.push(close);
}

/** Notes that something ends with the program. */
export function keep<Started extends { end(): Promise<void> }>(started: Started): Started {
  onClose(() => started.end());
  return started;
}

/** One that fails does not keep the others from being ended. */
async function closeAll(): Promise<void> {
  for (let close = closers.pop(); close !== undefined; close = closers.pop()) await close().catch(fail);
}

/** Says what went wrong; the program goes on, and ends with status 1. */
function fail(error: unknown): void {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}

/** Runs a program, and ends what it started: also when it fails, with its message and status 1, or is interrupted. */
export async function runProgram(run: () => Promise<void>): Promise<void> {
  for (const [signal, status] of [
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const) {
    process.once(signal, () => void closeAll().finally(() => process.exit(status)));
  }
  try {
    await run();
  } catch (error) {
    fail(error);
  } finally {
    await closeAll();
  }
}
