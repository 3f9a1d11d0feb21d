/** What an error says, whatever was thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/**
 * Why `fetch` got no answer. It says itself only that it failed: the innermost cause tells, by its code where it has one, such as
 * `ECONNREFUSED`. `timeout`: how long it waited at most. Milliseconds.
 */
export function reasonOf(error: unknown, timeout?: number): string {
  if (timeout !== undefined && error instanceof Error && error.name === 'TimeoutError') return `no answer within ${timeout / 1000} seconds`;
  let inner = error;
  while (inner instanceof Error && inner.cause !== undefined) inner = inner.cause;
  const { code, message } = Object(inner);
  return typeof code === 'string' ? code : String(message ?? messageOf(error));
}
