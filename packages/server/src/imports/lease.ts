/** Renews a lease this often while it runs: one that comes late, or not at all, does not end it. */
const renewalsPerLease = 3;

/**
 * Does what is only to be done by whoever has a lease of `lease` milliseconds, and has it renewed meanwhile: the work may take longer. A process
 * that is killed or stuck renews nothing.
 */
export async function holding<Result>(lease: number, renew: () => Promise<void>, work: () => Promise<Result>): Promise<Result> {
  let renewal: Promise<void> | undefined;
  const timer = setInterval(() => {
    // What keeps it from being renewed fails the work too, which tells of it.
    renewal ??= renew()
      .catch(() => {})
      .finally(() => {
        renewal = undefined;
      });
  }, lease / renewalsPerLease);
  try {
    return await work();
  } finally {
    clearInterval(timer);
    await renewal;
  }
}
