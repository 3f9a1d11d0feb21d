import { ApiError } from '../lib/api-error.ts';
import { isAbsence, openResolver } from '../lib/dns.ts';

/** The texts of the TXT records of a name; none when there is no such name or no such record. 503 DNS_UNAVAILABLE. */
export type LookUpTxt = (name: string) => Promise<string[]>;

/** Asks the name servers of the system, or these (`address` or `address:port`). */
export function openTxtRecords(servers?: readonly string[]): LookUpTxt {
  const resolver = openResolver(servers);
  return async (name) => {
    try {
      const records = await resolver.resolveTxt(name);
      // A record of more than 255 bytes comes in pieces.
      return records.map((pieces) => pieces.join(''));
    } catch (error) {
      if (isAbsence(error)) return [];
      throw new ApiError('DNS_UNAVAILABLE', 'the name servers of the domain do not answer; try again', { retryAfter: 5, cause: error });
    }
  };
}
