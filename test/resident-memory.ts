import { readFile } from 'node:fs/promises';

/** The memory that a process takes now, in megabytes: on Linux, where the tests run, the kernel tells. */
export async function residentMegabytes(pid: number | undefined): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  return Number(/^VmRSS:\s+([0-9]+) kB$/m.exec(status)?.[1]) / 1024;
}
