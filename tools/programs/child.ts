import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { basename } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

/** A TypeScript file that runs as a process, is sent lines and answers each with a line. */
export interface Child {
  ask(line: string): Promise<string>;
  /** Ends it and waits until it is gone. */
  end(): Promise<void>;
}

/** An answer takes seconds at most; what takes longer hangs. Milliseconds. */
const patience = 60_000;

/** Starts a file, by its `file:` URL. */
export function startChild(file: URL): Child {
  const child = spawn(process.execPath, ['--import', import.meta.resolve('tsx'), fileURLToPath(file)], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const exited = once(child, 'exit');
  // Written to after its end: the exit tells more.
  child.stdin.on('error', () => {});
  const answers = createInterface({ input: child.stdout });
  return {
    async ask(line) {
      const ended = new AbortController();
      const timer = setTimeout(() => child.kill('SIGKILL'), patience);
      try {
        child.stdin.write(`${line}\n`);
        const answer = once(answers, 'line', { signal: ended.signal }).then(([text]) => String(text));
        const end = exited.then(([code, signal]) => {
          throw new Error(`${basename(file.pathname)} ended with ${signal ?? `status ${code}`}`);
        });
        return await Promise.race([answer, end]);
      } finally {
        clearTimeout(timer);
        ended.abort();
      }
    },
    async end() {
      child.stdin.end();
      const timer = setTimeout(() => child.kill('SIGKILL'), 2_000);
      await exited;
      clearTimeout(timer);
    },
  };
}
