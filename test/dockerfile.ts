import { execFile, spawn } from 'node:child_process';
import { cp, mkdir, readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** One line of a Dockerfile, its continuations joined. */
export interface Instruction {
  name: string;
  text: string;
}

/** The instructions of a Dockerfile, without comments. */
export async function readDockerfile(path: string): Promise<Instruction[]> {
  const lines = (await readFile(path, 'utf8'))
    .replace(/^#.*\n/gm, '')
    .replace(/\\\n/g, ' ')
    .split('\n');
  return lines.flatMap((line) => {
    const [, name, text] = /^([A-Z]+) (.+)$/.exec(line) ?? [];
    return name === undefined || text === undefined ? [] : [{ name, text }];
  });
}

/** What a Dockerfile makes: the folder that is `/`, and how the image starts in it. */
export interface Image {
  root: string;
  workdir: string;
  env: Record<string, string>;
  command: string[];
  healthcheck: string[];
}

/**
 * Does what a Dockerfile says in folders below `into`, one for each stage, with the programs of this machine in place of the base image's: for
 * a file without variables and with relative commands. `/data` and the user `node` of the last stage are those of `account`.
 */
export async function build(
  instructions: readonly Instruction[],
  { context, into, account }: { context: string; into: string; account: { uid: number; gid: number } },
): Promise<Image> {
  const stages = new Map<string, string>();
  const image: Image = { root: '', workdir: '/', env: {}, command: [], healthcheck: [] };
  for (const { name, text } of instructions) {
    const inside = (path: string) => (path.startsWith('/') ? join(image.root, path) : join(image.root, image.workdir, path));
    if (name === 'FROM') {
      const stage = / AS (\w+)$/.exec(text)?.[1] ?? 'last';
      Object.assign(image, { root: join(into, stage), workdir: '/', env: {} });
      stages.set(stage, image.root);
    } else if (name === 'WORKDIR') {
      image.workdir = text;
      await mkdir(inside(text), { recursive: true });
    } else if (name === 'ENV') {
      const [variable = '', value = ''] = text.split('=');
      image.env[variable] = value;
    } else if (name === 'COPY') {
      const parts = text.split(' ');
      const from = /^--from=(\w+)$/.exec(parts[0] ?? '')?.[1];
      const sources = from === undefined ? parts.slice(0, -1) : parts.slice(1, -1);
      const target = parts.at(-1) ?? '';
      const base = from === undefined ? context : (stages.get(from) ?? '');
      if (text === '. .') await copyContext(context, inside('.'));
      else for (const source of sources) await copyOne(join(base, source), inside(target), target.endsWith('/'));
    } else if (name === 'RUN') {
      const command = text.replaceAll('/data', inside('/data')).replaceAll('node:node', `${account.uid}:${account.gid}`);
      await runShell(command, inside('.'), image.env);
    } else if (name === 'CMD') image.command = JSON.parse(text);
    else if (name === 'HEALTHCHECK') image.healthcheck = JSON.parse(text.slice(text.indexOf('CMD ') + 4));
  }
  return image;
}

/** Everything that is part of the repository: what the .dockerignore leaves out is in no commit. */
async function copyContext(context: string, target: string): Promise<void> {
  const { stdout } = await run('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], {
    cwd: context,
    maxBuffer: 2 ** 24,
  });
  for (const file of stdout.split('\0').filter(Boolean)) await copyOne(join(context, file), join(target, file), false);
}

async function copyOne(source: string, target: string, intoDirectory: boolean): Promise<void> {
  const to = intoDirectory ? join(target, source.split('/').at(-1) ?? '') : target;
  await mkdir(dirname(to), { recursive: true });
  await cp(source, to, { recursive: true, verbatimSymlinks: true });
}

async function runShell(command: string, cwd: string, env: Record<string, string>): Promise<void> {
  // What a test run has set is none of an image's business.
  const { NODE_ENV: _environment, VITEST: _vitest, ...own } = process.env;
  const child = spawn('sh', ['-c', command], { cwd, env: { ...own, ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (output += chunk.toString()));
  const status = await new Promise((resolve) => child.once('close', resolve));
  if (status !== 0) throw new Error(`${command} ended with ${status}:\n${output.slice(-2_000)}`);
}
