import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { fileURLToPath } from 'node:url';

/** The server as a program of its own, as `npm start` runs it. */
export interface ServerProcess {
  url: string;
  child: ChildProcess;
  /** all that it printed */
  output(): string;
  /** Resolves when it printed a text. Rejects with its output when it ends without. */
  printed(text: string): Promise<void>;
  /** Resolves to its exit status, or to null if a signal ended it. */
  ended: Promise<number | null>;
  /** Ends it with a signal and waits until it is gone. */
  end(signal: NodeJS.Signals): Promise<number | null>;
}

const built = fileURLToPath(new URL('../packages/server/dist/start.js', import.meta.url));

/**
 * Starts the built server, or another program that is one, with its `parameters`. `shell` is done before, by the shell that becomes the server:
 * what a process hands on, such as limits.
 */
export async function spawnServer(
  env: Record<string, string>,
  { program = built, parameters = [], shell }: { program?: string; parameters?: readonly string[]; shell?: string } = {},
): Promise<ServerProcess> {
  const port = Number(env.PORT ?? (await freePort()));
  const [command, ...parts] = [process.execPath, program, ...parameters];
  const prepared = shell === undefined ? parts : ['-c', `${shell} && exec "$0" "$@"`, command, ...parts];
  const child = spawn(shell === undefined ? command : 'sh', prepared, {
    env: { PATH: process.env.PATH ?? '', LOG_LEVEL: 'warn', ...env, PORT: String(port) },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  const hear = (chunk: Buffer) => {
    output += chunk.toString();
  };
  child.stdout.on('data', hear);
  child.stderr.on('data', hear);
  const ended = new Promise<number | null>((resolve) => child.once('close', resolve));
  return {
    url: `http://127.0.0.1:${port}`,
    child,
    output: () => output,
    async printed(text) {
      while (!output.includes(text)) {
        if (child.exitCode !== null || child.signalCode !== null) throw new Error(`the server ended (${child.exitCode}):\n${output}`);
        await new Promise((resolve) => setTimeout(resolve, 10));
      }
    },
    ended,
    end(signal) {
      child.kill(signal);
      return ended;
    },
  };
}

/** Starts the built server and waits until it listens. Rejects with its output when it ends instead. */
export async function startServerProcess(env: Record<string, string>, shell?: string): Promise<ServerProcess> {
  const server = await spawnServer(env, shell === undefined ? {} : { shell });
  await server.printed('Crosswalk is listening');
  return server;
}

/** A port that nothing listens on just now. */
export async function freePort(): Promise<number> {
  const listener = createServer();
  listener.listen(0, '127.0.0.1');
  await once(listener, 'listening');
  const address = listener.address();
  listener.close();
  await once(listener, 'close');
  if (address === null || typeof address === 'string') throw new Error('a listener on a port has an address');
  return address.port;
}
