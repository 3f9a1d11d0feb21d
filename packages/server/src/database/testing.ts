import pg from 'pg';

/** Runs `work` and tells what the planner does for each statement that was sent through the pool meanwhile: the text of the statement and its plan. */
export async function plansDuring<Result>(pool: pg.Pool, work: () => Promise<Result>): Promise<{ result: Result; plans: string[] }> {
  const statements: { text: string; values: unknown[] }[] = [];
  const ofPool = new WeakSet<object>();
  const acquired = (client: object) => ofPool.add(client);
  pool.on('acquire', acquired);
  const original = pg.Client.prototype.query;
  // Listens on the driver; nothing is replaced: every statement still runs.
  Object.assign(pg.Client.prototype, {
    query(this: pg.Client, ...call: Parameters<typeof original>) {
      if (!ofPool.has(this)) return Reflect.apply(original, this, call);
      const [first, second] = call as unknown as [string | { text: string; values?: unknown[] }, unknown];
      statements.push(
        typeof first === 'string'
          ? { text: first, values: Array.isArray(second) ? second : [] }
          : { text: first.text, values: first.values ?? [] },
      );
      return Reflect.apply(original, this, call);
    },
  });
  const result = await work().finally(() => {
    Object.assign(pg.Client.prototype, { query: original });
    pool.off('acquire', acquired);
  });
  const plans: string[] = [];
  for (const { text, values } of statements.filter((statement) => /^\s*(select|with|insert|update|delete)/i.test(statement.text))) {
    const { rows } = await pool.query(`explain ${text}`, values);
    plans.push(`${text}\n${rows.map((row) => row['QUERY PLAN']).join('\n')}`);
  }
  return { result, plans };
}
