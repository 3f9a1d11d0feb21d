import type { LookupAddress } from 'node:dns';
import { isIP } from 'node:net';
import { webhookLimits } from '@crosswalk/contract';
import ipaddr from 'ipaddr.js';
import { LRUCache } from 'lru-cache';
import { excerpt, invalid } from '../lib/api-error.ts';
import { isStorable } from '../lib/text.ts';
import { HostNames } from './host-names.ts';

/** Why nothing is sent to an address; read by whoever runs the receiver. */
export class TargetError extends Error {
  override readonly name = 'TargetError';
}

export interface TargetOptions {
  /** networks of one's own that may be reached, in CIDR notation */
  allow: readonly string[];
  /** where the service itself is, so that it does not send to itself */
  publicUrl: string;
  /** asked for addresses, as `address` or `address:port`; the system's name servers if left out */
  nameServers?: readonly string[] | undefined;
}

type Protocol = 'http:' | 'https:';

/** How long an answer of the DNS is used again: bursts ask once, a changed record is soon seen. Milliseconds. */
const cacheTime = 10_000;

/** Decides where webhooks may go: public addresses, and networks that the settings list. */
export class Targets {
  readonly #allowed: [ipaddr.IPv4 | ipaddr.IPv6, number][];
  readonly #ownOrigin: string;
  readonly #names: HostNames;
  readonly #addresses = new LRUCache<string, Promise<LookupAddress[]>>({ max: 1_000, ttl: cacheTime });

  constructor({ allow, publicUrl, nameServers }: TargetOptions) {
    this.#allowed = allow.map((network) => ipaddr.parseCIDR(network));
    this.#ownOrigin = new URL(publicUrl).origin;
    this.#names = new HostNames(nameServers);
  }

  /**
   * The address of an endpoint in its normal form; 400 INVALID_WEBHOOK_URL tells what is wrong with it. A name that has no
   * address yet is let through: it is looked up again at each attempt.
   */
  async requireUrl(text: string): Promise<string> {
    const url = parseUrl(text);
    if (url.origin === this.#ownOrigin) throw refused('is this service itself', 'own_address');
    try {
      this.requireProtocol(url);
      await this.#requireAddresses(url);
    } catch (error) {
      if (error instanceof TargetError) throw refused(error.message, 'address');
      throw error;
    }
    return url.href;
  }

  /** Throws a `TargetError` unless the address itself allows a request: its protocol, and its host when that is no name. */
  requireProtocol(url: URL): void {
    const { protocol } = url;
    if (protocol === 'http:' && this.#allowed.length === 0)
      throw new TargetError('http is for networks that CROSSWALK_WEBHOOK_ALLOW lists; use https');
    const host = hostOf(url);
    if (isIP(host) !== 0) this.#requireAllowed(protocolOf(url), host, host);
  }

  /** The addresses of a host to connect to, each of which is allowed. Throws a `TargetError`. */
  async resolve(protocol: Protocol, host: string): Promise<LookupAddress[]> {
    const addresses = await this.#lookUp(host);
    if (addresses.length === 0) throw new TargetError(`${excerpt(host)} has no address: no such name`);
    for (const { address } of addresses) this.#requireAllowed(protocol, host, address);
    return addresses;
  }

  async #requireAddresses(url: URL): Promise<void> {
    const host = hostOf(url);
    if (isIP(host) !== 0) return;
    // Such names mean this machine whatever the DNS says (RFC 6761), and are asked of nobody.
    if (/^(?:.*\.)?localhost\.?$/.test(host)) this.#requireAllowed(protocolOf(url), host, '127.0.0.1');
    const addresses = await this.#lookUp(host).catch(() => []);
    for (const { address } of addresses) this.#requireAllowed(protocolOf(url), host, address);
  }

  #requireAllowed(protocol: Protocol, host: string, text: string): void {
    const address = ipaddr.process(text.replace(/%.*$/, ''));
    const isListed = this.#allowed.some(([network, bits]) => network.kind() === address.kind() && address.match(network, bits));
    if (isListed) return;
    const where = host === text ? text : `${excerpt(host)} (${text})`;
    if (!isPublic(address)) throw new TargetError(`${where} is in a network that CROSSWALK_WEBHOOK_ALLOW does not list`);
    if (protocol === 'http:') throw new TargetError(`${where} is a public address: use https`);
  }

  #lookUp(host: string): Promise<LookupAddress[]> {
    const known = this.#addresses.get(host);
    if (known !== undefined) return known;
    const asked = this.#names.addressesOf(host).catch(() => {
      throw new TargetError('the name servers do not answer');
    });
    this.#addresses.set(host, asked);
    // What failed is not known: the next attempt asks again.
    asked.catch(() => this.#addresses.delete(host));
    return asked;
  }
}

function parseUrl(text: string): URL {
  if (!isStorable(text) || !URL.canParse(text)) throw refused('must be an address such as https://app.example.com/hooks', 'url');
  const url = new URL(text);
  if (url.protocol !== 'https:' && url.protocol !== 'http:') throw refused('must begin with https://', 'protocol');
  if (url.username !== '' || url.password !== '') throw refused('must have no user name and password: messages are signed', 'credentials');
  if (url.hash !== '') throw refused('must have no fragment (#…): it is never sent', 'fragment');
  if (url.href.length > webhookLimits.url) throw refused(`must have at most ${webhookLimits.url} characters`, 'max_length');
  return url;
}

function refused(description: string, constraint: string) {
  return invalid('url', description, constraint, 'INVALID_WEBHOOK_URL');
}

function protocolOf({ protocol }: URL): Protocol {
  return protocol === 'http:' ? 'http:' : 'https:';
}

/** The host of an address without the brackets of IPv6. WHATWG has turned every spelling of an IPv4 address into the usual one. */
function hostOf({ hostname }: URL): string {
  return hostname.replace(/^\[(.*)\]$/, '$1');
}

/** Global unicast of IPv6; what is outside carries another address inside, or is none for everybody. */
const globalUnicast = ipaddr.IPv6.parseCIDR('2000::/3');

function isPublic(address: ipaddr.IPv4 | ipaddr.IPv6): boolean {
  if (address.range() !== 'unicast') return false;
  return address.kind() === 'ipv4' || address.match(...globalUnicast);
}
