import { totalmem } from 'node:os';

const megabyte = 1024 * 1024;

/** The least PostgreSQL is given, and what its own default is; and the most: each gigabyte more takes some 25 MB and 30 ms of every start. Bytes. */
const [least, most] = [128 * megabyte, 2048 * megabyte];

/**
 * The memory in which PostgreSQL keeps pages, as its setting `shared_buffers`: a quarter of what this machine or container has, as its manual
 * advises, from 128 MB to 2 GB. It is taken when there are pages for it. A page that is not there is fetched from the system for each look-up
 * anew, which with a million records was most of the time of resolving a hundred IDs.
 */
export function sharedBuffers(total = totalmem(), constrained = process.constrainedMemory()): string {
  // Without a limit of a container Node gives 0, or a number beyond any memory.
  const memory = constrained > 0 ? Math.min(total, constrained) : total;
  return `${Math.floor(Math.min(most, Math.max(least, memory / 4)) / megabyte)}MB`;
}
