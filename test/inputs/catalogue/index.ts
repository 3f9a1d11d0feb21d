import { bodies } from './bodies.ts';
import type { Chapter, Input, Row } from './chapter.ts';
import { emails } from './emails.ts';
import { externalIds } from './external-ids.ts';
import { grpc } from './grpc.ts';
import { headers } from './headers.ts';
import { idempotencyKeys } from './idempotency-keys.ts';
import { imports } from './imports.ts';
import { invitations } from './invitations.ts';
import { metadata } from './metadata.ts';
import { names } from './names.ts';
import { pages } from './pages.ts';
import { paths } from './paths.ts';
import { organizations } from './requests.ts';
import { webhooks } from './webhooks.ts';

/** The one catalogue of bad input: each row with the answer that it must get, and the requests or the tests that hold it to that. */
const chapters: Chapter[] = [
  externalIds,
  metadata,
  emails,
  names,
  pages,
  paths,
  headers,
  bodies,
  grpc,
  idempotencyKeys,
  imports,
  webhooks,
  invitations,
];

/** Every row by its number. */
export const rows: ReadonlyMap<string, Row> = new Map(chapters.flatMap((chapter) => Object.entries(chapter.rows)));

/** Every request of the catalogue, in an order in which each expectation holds once `made` was sent. */
export const inputs: readonly Input[] = chapters.flatMap((chapter) => chapter.inputs ?? []);

/** The records that inputs change, named by IDs of their own. `{organization}` in a path stands for the ID of the first. */
export const made: readonly Omit<Input, 'row'>[] = [
  { method: 'POST', path: organizations, body: { display_name: 'Rows', external_id: 'ROWS', external_ids: { crm: 'ROWS' } }, expect: 201 },
  { method: 'POST', path: `${organizations}/{organization}/users`, body: { email: 'rows@example.com', external_id: 'ROWS' }, expect: 201 },
];

/** What names an input among others of its row. */
export function labelOf({ row, method = 'GET', path, body }: Input): string {
  const text = typeof body === 'string' ? body : (JSON.stringify(body) ?? '');
  return `${row} ${method} ${path.slice(0, 80)} ${text.slice(0, 90)}`;
}
