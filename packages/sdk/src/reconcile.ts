import type { ReconcileAnswer, ReconcileRequest, TransferRow } from '@crosswalk/contract';
import type { CallOptions, Connection } from './request.ts';
import { bodyOf, rowsOf } from './row-stream.ts';

/** IDs and field names are the other system's own: nothing of the request is converted. */
const call = { method: 'POST', path: '/api/v1/reconcile', asIs: true } as const;

/** Compares another system's list with the records here. */
export function reconcile(connection: Connection, body: ReconcileRequest, options?: CallOptions): Promise<ReconcileAnswer> {
  return connection.call({ ...call, body, options });
}

/** The rows that mend a list: those of its own kind. */
export type MendingRow<Kind extends ReconcileRequest['kind']> = Extract<TransferRow, { kind: Kind }>;

/** The rows whose import mends what differs. */
export async function* reconcileRows<Kind extends ReconcileRequest['kind']>(
  connection: Connection,
  body: ReconcileRequest & { kind: Kind },
  options?: CallOptions,
): AsyncGenerator<MendingRow<Kind>, void, undefined> {
  yield* rowsOf(bodyOf(await connection.stream({ ...call, body, query: { format: 'import' }, options })));
}
