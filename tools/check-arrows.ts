import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';

/**
 * Holds the imports to the arrows of ARCHITECTURE.md, and SQL to its places; prints what breaks a rule and exits with 1.
 * Biome finds cycles between files and knip finds what nothing imports; this finds what may not be imported.
 */

/** One import: files by their path in the repository, packages by their name. */
interface Import {
  from: string;
  to: string;
  /** nothing of it is there when the program runs */
  ofTypes: boolean;
}

interface Rule {
  /** said of an import that breaks the rule */
  message: string;
  breaks: (found: Import) => boolean;
}

const server = 'packages/server/src/';
/** Folders of the server that are no features: what they offer is not gathered in an index. */
const foundations = ['lib', 'database', 'transport', 'scalekit'];
/** Files at the top of the server: they put the parts together. */
const composition = /^packages\/server\/src\/[^/]+\.ts$/;
const isTest = (file: string) => /^test\/|\.test\.tsx?$|\/testing\.ts$/.test(file);

/** The folder of the server a file is in: `organizations` for `packages/server/src/organizations/organization.ts`. */
function folderOf(file: string): string | undefined {
  return file.startsWith(server) && !composition.test(file) ? file.slice(server.length).split('/', 1)[0] : undefined;
}

/** Which packages of ours a package may use. */
const packageArrows: Record<string, string[]> = {
  contract: [],
  server: ['@crosswalk/contract'],
  sdk: ['@crosswalk/contract'],
  cli: ['@crosswalk/sdk', '@crosswalk/contract', '@crosswalk/server'],
  dashboard: ['@crosswalk/sdk'],
};

const rules: Rule[] = [
  {
    message: 'dashboard -> sdk -> contract <- server, cli -> sdk and contract (and server, to serve)',
    breaks({ from, to }) {
      const name = /^packages\/(\w+)\//.exec(from)?.[1];
      return name !== undefined && !isTest(from) && to.startsWith('@crosswalk/') && packageArrows[name]?.includes(nameOf(to)) !== true;
    },
  },
  {
    message: 'a package reaches another by its name, not by a path into it',
    breaks: ({ from, to }) => !isTest(from) && /^packages\//.test(from) && /^packages\//.test(to) && packageOf(from) !== packageOf(to),
  },
  {
    message: 'lib imports nothing of ours but the contract',
    breaks: ({ from, to }) => folderOf(from) === 'lib' && !isTest(from) && to.startsWith(server) && folderOf(to) !== 'lib',
  },
  {
    message: 'database knows no feature and no transport',
    breaks: ({ from, to }) =>
      folderOf(from) === 'database' && !isTest(from) && to.startsWith(server) && !['lib', 'database'].includes(folderOf(to) ?? ''),
  },
  {
    message: 'a feature is reached through its index.ts',
    breaks({ from, to }) {
      const folder = folderOf(to);
      if (folder === undefined || foundations.includes(folder) || isTest(from)) return false;
      return folder !== folderOf(from) && to !== `${server}${folder}/index.ts`;
    },
  },
  {
    message: 'a service or store does not know the transport: routes translate',
    breaks: ({ from, to }) => /-(?:service|store)\.ts$/.test(from) && folderOf(to) === 'transport',
  },
  {
    message: 'only routes, the transport and the gRPC surface know Fastify',
    breaks: ({ from, to }) =>
      to === 'fastify' &&
      folderOf(from) !== undefined &&
      !['transport', 'scalekit'].includes(folderOf(from) ?? '') &&
      !from.endsWith('-routes.ts'),
  },
  {
    message: 'routes do not know pg: only stores, the database folder, and services for their transaction do',
    breaks: ({ from, to }) => to === 'pg' && /-routes\.ts$/.test(from),
  },
  {
    message: 'nothing but app.ts knows the gRPC surface',
    breaks: ({ from, to }) => folderOf(to) === 'scalekit' && folderOf(from) !== 'scalekit' && !isTest(from) && from !== `${server}app.ts`,
  },
  {
    message: 'the SDK runs everywhere: no built-in of Node and no package but the contract',
    breaks: ({ from, to }) =>
      from.startsWith('packages/sdk/src/') && !isTest(from) && !to.startsWith('packages/') && nameOf(to) !== '@crosswalk/contract',
  },
  {
    message:
      'the SDK and the command have values from the files of the contract that need no schemas: loading those takes longer than all else',
    breaks: ({ from, to, ofTypes }) => /^packages\/(?:sdk|cli)\//.test(from) && !isTest(from) && to === '@crosswalk/contract' && !ofTypes,
  },
  {
    message: 'bench -> test -> tools: what programs of both need is in tools/programs',
    breaks: ({ from, to }) =>
      (/^(?:test|tools)\//.test(from) && to.startsWith('bench/')) || (from.startsWith('tools/') && to.startsWith('test/')),
  },
  {
    message: 'no folder is called shared, utils, common or helpers',
    breaks: ({ from }) => /\/(?:shared|utils|common|helpers)\//.test(from),
  },
];

/** Where the server has SQL, besides stores, the database folder and tests. */
const sqlElsewhere = `${server}transport/health.ts`;

/** Whether a file of the server runs a statement where none should be. */
function hasStraySql(file: string): boolean {
  if (!file.startsWith(server) || isTest(file) || /-store\.ts$/.test(file) || folderOf(file) === 'database') return false;
  return file !== sqlElsewhere && /\.query[<(]/.test(readFileSync(file, 'utf8'));
}

/** The package of ours that an import names: `@crosswalk/contract` for `@crosswalk/contract/event-types`. */
function nameOf(imported: string): string {
  return imported.split('/').slice(0, 2).join('/');
}

function packageOf(file: string): string | undefined {
  return /^packages\/\w+/.exec(file)?.[0];
}

/** Every import and re-export of a file, types included. */
function importsOf(file: string): Import[] {
  const found = readFileSync(file, 'utf8').matchAll(
    /^(?:import|export)\b([^'";]*?)from '([^']+)'|^import '([^']+)'|\bimport\('([^']+)'\)/gm,
  );
  return [...found].map(([, names, named, bare, dynamic]) => {
    const target = named ?? bare ?? dynamic ?? '';
    return {
      from: file,
      to: target.startsWith('.') ? normalize(join(dirname(file), target)) : target,
      ofTypes: names?.startsWith(' type ') === true,
    };
  });
}

function sourceFiles(directory: string): string[] {
  return readdirSync(directory, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile() && /\.tsx?$/.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name));
}

const files = [...readdirSync('packages').map((name) => join('packages', name, 'src')), 'test', 'tools'].flatMap(sourceFiles);
const imports = files.flatMap(importsOf);
const broken = [
  ...imports.flatMap((found) => rules.filter((rule) => rule.breaks(found)).map((rule) => `${found.from} -> ${found.to}: ${rule.message}`)),
  ...files.filter(hasStraySql).map((file) => `${file}: SQL is in stores and in the database folder`),
];
for (const line of broken) process.stderr.write(`${line}\n`);
process.stdout.write(`${imports.length} imports of ${files.length} files, ${broken.length} against the rules\n`);
process.exitCode = broken.length === 0 ? 0 : 1;
