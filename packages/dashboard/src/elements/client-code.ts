import type { Example } from './code-example.tsx';

/** What reads something: the path of the API, the same as an expression with the client `crosswalk`, and the command, where there is one. */
export function exampleOfReading(path: string, expression: string, cli?: string): Example {
  return {
    curl: curl(path),
    node: node(`console.dir(await ${expression}, { depth: null });`),
    ...(cli === undefined ? {} : { cli: `npx crosswalk ${cli}` }),
  };
}

/** A path with a query, of which empty values are left out. */
export function withQuery(path: string, query: Record<string, string>): string {
  const given = new URLSearchParams(Object.entries(query).filter(([, value]) => value !== ''));
  return given.size === 0 ? path : `${path}?${given}`;
}

/** A request of curl for a path, with a token got for it. `options` stand before the address. */
export function curl(path: string, options = ''): string {
  const { origin } = window.location;
  return [
    `TOKEN=$(curl -s ${origin}/oauth/token -d grant_type=client_credentials \\`,
    '  -d client_id="$CROSSWALK_CLIENT_ID" -d client_secret="$CROSSWALK_CLIENT_SECRET" | sed \'s/.*"access_token":"\\([^"]*\\).*/\\1/\')',
    `curl -H "Authorization: Bearer $TOKEN" ${options === '' ? '' : `${options} `}${shell(origin + path)}`,
  ].join('\n');
}

/** A program for Node around a few lines, which find the client as `crosswalk`. */
export function node(code: string): string {
  return [
    "import { Crosswalk } from '@crosswalk/sdk';",
    '',
    'const { CROSSWALK_CLIENT_ID, CROSSWALK_CLIENT_SECRET } = process.env;',
    `const crosswalk = new Crosswalk(${quoted(window.location.origin)}, CROSSWALK_CLIENT_ID, CROSSWALK_CLIENT_SECRET);`,
    code,
  ].join('\n');
}

/** A text as JavaScript writes it. */
export function quoted(text: string): string {
  return `'${JSON.stringify(text).slice(1, -1).replaceAll('\\"', '"').replaceAll("'", "\\'")}'`;
}

/** A text as one word of a POSIX shell, whatever it contains. */
export function shell(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}
