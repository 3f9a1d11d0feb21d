import { Resolver } from 'node:dns/promises';

/** How long one question may wait before it is asked again (milliseconds), and how often it is asked of each server. */
const options = { timeout: 2_000, tries: 2 };

/** Asks name servers: these, as `address` or `address:port`, or the system's if left out. */
export function openResolver(servers?: readonly string[]): Resolver {
  const resolver = new Resolver(options);
  if (servers !== undefined) resolver.setServers(servers);
  return resolver;
}

/** What says that there is no such name or no such record. Everything else says that nobody knows. */
const absences = new Set(['ENOTFOUND', 'ENODATA', 'EBADNAME']);

/** Whether a look-up failed because there is nothing to be found. */
export function isAbsence(error: unknown): boolean {
  return error instanceof Error && 'code' in error && absences.has(String(error.code));
}
