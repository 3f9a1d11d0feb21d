import type { LookupAddress } from 'node:dns';
import { readFile } from 'node:fs/promises';
import { isIP } from 'node:net';
import { isAbsence, openResolver } from '../lib/dns.ts';

/** So many domains are searched at most (resolv.conf(5) had six). */
const maxDomains = 6;

/**
 * Where names lead: the file of hosts, the name servers, and these again in each domain that the system searches, as in Kubernetes. It does not
 * ask the system itself: that takes one of four threads for each name, of which two may wait for name servers, so that a few names that
 * nobody answers for would hold up every other, that of the database too.
 */
export class HostNames {
  readonly #resolver;

  /** `servers` are asked, as `address` or `address:port`; the system's if left out. */
  constructor(servers: readonly string[] | undefined) {
    this.#resolver = openResolver(servers);
  }

  /** The addresses of a name in lower case; none if there is no such name. Rejects when nobody knows. */
  async addressesOf(host: string): Promise<LookupAddress[]> {
    const listed = listedAs(host, await textOf('/etc/hosts'));
    if (listed.length > 0) return listed;
    const domains = host.endsWith('.') ? [] : domainsOf(await textOf('/etc/resolv.conf'));
    for (const name of [host, ...domains.map((domain) => `${host}.${domain}`)]) {
      const found = await this.#ask(name);
      if (found.length > 0) return found;
    }
    return [];
  }

  async #ask(name: string): Promise<LookupAddress[]> {
    const [four, six] = await Promise.all([
      this.#resolver.resolve4(name).catch(noAddresses),
      this.#resolver.resolve6(name).catch(noAddresses),
    ]);
    return [...four.map((address) => ({ address, family: 4 })), ...six.map((address) => ({ address, family: 6 }))];
  }
}

function noAddresses(error: unknown): never[] {
  if (isAbsence(error)) return [];
  throw error;
}

/** What a file of the system says; nothing where there is none. */
function textOf(path: string): Promise<string> {
  return readFile(path, 'utf8').catch(() => '');
}

/** The addresses that a file of hosts (hosts(5)) gives a name. */
export function listedAs(host: string, text: string): LookupAddress[] {
  return linesOf(text).flatMap(([address = '', ...names]) => {
    const family = isIP(address);
    return family !== 0 && names.some((name) => name.toLowerCase() === host) ? [{ address, family }] : [];
  });
}

/** The domains that resolv.conf(5) says to search; its last line counts. */
export function domainsOf(text: string): string[] {
  const [, ...domains] = linesOf(text).findLast(([keyword]) => keyword === 'search' || keyword === 'domain') ?? [];
  return domains.filter((domain) => domain !== '.').slice(0, maxDomains);
}

/** The words of each line, without comments. */
function linesOf(text: string): string[][] {
  return text.split('\n').map((line) =>
    line
      .replace(/[#;].*$/, '')
      .trim()
      .split(/\s+/),
  );
}
