/**
 * Does the jobs, at most `limit` at the same time. When `halted` turns true, those that have begun are finished and no other is
 * begun. Resolves to whether all were done; rejects with the first failure, after the jobs beside it have ended.
 */
export async function inFlight(jobs: readonly (() => Promise<void>)[], limit: number, halted: () => boolean): Promise<boolean> {
  const queue = [...jobs];
  const failures: unknown[] = [];
  const worker = async () => {
    for (let job = queue.shift(); job !== undefined; job = queue.shift()) {
      if (failures.length > 0 || halted()) {
        queue.unshift(job);
        return;
      }
      await job().catch((error: unknown) => {
        failures.push(error);
      });
    }
  };
  await Promise.all(Array.from({ length: limit }, worker));
  if (failures.length > 0) throw failures[0];
  return queue.length === 0;
}
