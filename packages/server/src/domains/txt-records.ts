import { Resolver } from 'node:dns/promises';
import { ApiError } from '../lib/api-error.ts';

/** The texts of the TXT records of a name; none when there is no such name or no such record. 503 DNS_UNAVAILABLE. */
export type LookUpTxt = (name: string) => Promise<string[]>;

/** How long one question may wait before it is asked again (milliseconds), and how often it is asked of each server. */
const options = { timeout: 2_000, tries: 2 };

/** What says that there is no such record. Everything else says that nobody knows. */
const absences = new Set(['ENOTFOUND', 'ENODATA', 'EBADNAME']);

/** Asks the name servers of the system, or these (`address` or `address:port`). */
export function openTxtRecords(servers?: readonly string[]): LookUpTxt {
  const resolver = new Resolver(options);
  if (servers !== undefined) resolver.setServers(servers);
  return async (name) => {
    try {
      const records = await resolver.resolveTxt(name);
      // A record of more than 255 bytes comes in pieces.
      return records.map((pieces) => pieces.join(''));
    } catch (error) {
      if (error instanceof Error && 'code' in error && absences.has(String(error.code))) return [];
      throw new ApiError('DNS_UNAVAILABLE', 'the name servers of the domain do not answer; try again', { retryAfter: 5, cause: error });
    }
  };
}
