import { checkEvents, checkIdempotency, checkSet, checkUnique, type FoundEvent, type FoundRecord } from './checkers.ts';
import type { Target } from './client.ts';
import type { History, Operation } from './history.ts';
import { checkMerges } from './linearizable.ts';
import { send } from './writers.ts';

/** How many operations ended how. */
export interface Counts {
  acknowledged: number;
  /** answered with an error, or sent to a port where nobody listened */
  refused: number;
  /** begun, and not answered */
  unknown: number;
}

/** Counts operations by how they ended. */
export function count(operations: readonly Operation[]): Counts {
  const acknowledged = operations.filter(({ outcome }) => outcome === 'ok').length;
  const unknown = operations.filter(({ outcome, status }) => outcome === 'unknown' && status === undefined).length;
  return { acknowledged, refused: operations.length - acknowledged - unknown, unknown };
}

/** The five checkers, on a history and what a server has in the end. Gives the promises that were broken. */
export async function judge(history: History, targets: readonly Target[]): Promise<string[]> {
  const [found, events] = [await allOrganizations(targets), await allEvents(targets)];
  // What is there in the end is one more read of each record that was written.
  const operations = history.operations();
  const written = new Set(operations.filter(({ kind }) => kind !== 'create').map(({ key }) => key));
  const now = Math.max(0, ...operations.map(({ invoked, ended }) => (Number.isFinite(ended) ? ended : invoked))) + 1;
  const reads = found
    .filter(({ id }) => written.has(id))
    .map(({ id, version, metadata }, index): Operation => {
      const number = operations.length + index + 1;
      return { number, kind: 'read', key: id, outcome: 'ok', id, version, value: metadata, invoked: now, ended: now + 1 };
    });
  return [
    ...checkSet(operations, found),
    ...checkUnique(operations, found),
    ...checkMerges([...operations, ...reads]),
    ...checkEvents(operations, found, events),
    ...checkIdempotency(operations, found),
    ...checkAnswers(operations),
  ];
}

/** What a client may be told when something fails: 503 with Retry-After, or that the record is busy or taken. Nothing else, and something. */
function checkAnswers(operations: readonly Operation[]): string[] {
  const wrong = operations.filter(({ outcome, status, retryAfter }) => {
    if (outcome === 'ok' || status === undefined) return false;
    return !(status === 409 || (status === 503 && retryAfter !== undefined));
  });
  const kinds = new Set(
    wrong.map(({ status, retryAfter, reason }) => `${status} ${reason}${retryAfter === undefined ? '' : ' with Retry-After'}`),
  );
  const stuck = operations.filter(({ ended, reason }) => !Number.isFinite(ended) || reason?.includes('Timeout')).length;
  return [
    ...[...kinds].map((kind) => `answers: ${kind} is neither 503 with Retry-After nor 409`),
    ...(stuck === 0 ? [] : [`answers: ${stuck} requests had none`]),
  ];
}

/** All organizations of a server. */
export async function allOrganizations([target]: readonly Target[]): Promise<FoundRecord[]> {
  const found: FoundRecord[] = [];
  for (let page = ''; ; ) {
    const body = await get(target, `/api/v1/organizations?page_size=100&page_token=${encodeURIComponent(page)}`);
    for (const { id, external_id: externalId, version, metadata } of body.organizations)
      found.push({ id, externalId: externalId ?? null, version, metadata });
    page = body.next_page_token;
    if (page === '') return found;
  }
}

async function allEvents([target]: readonly Target[]): Promise<FoundEvent[]> {
  const found: FoundEvent[] = [];
  for (let after = ''; ; ) {
    const body = await get(target, `/api/v1/events?types=organization&limit=1000${after}`);
    for (const { id, record_id: recordId, record_version: recordVersion } of body.events) found.push({ id, recordId, recordVersion });
    after = `&after=${body.next_cursor}`;
    if (body.has_more !== true) return found;
  }
}

async function get(target: Target | undefined, path: string) {
  if (target === undefined) throw new Error('there is no server to ask');
  const { url, token } = target;
  const { status, body } = await send(url, token, 'GET', path);
  if (status !== 200) throw new Error(`GET ${path} was answered with ${status}`);
  return Object(body);
}
