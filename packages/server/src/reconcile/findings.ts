import type { Entry, List } from './reconcile.ts';
import type { Link, Subject, Suggestion } from './reconcile-store.ts';

/** An entry and the record it leads to. */
export interface Linked {
  entry: Entry;
  link: Link;
}

/** A record that several entries lead to, or an ID that is in the list more than once. `recordId` is a database ID; null: no record. */
export interface Twice {
  recordId: string | null;
  entries: Entry[];
}

/** All that a comparison found. */
export interface Findings {
  subject: Subject;
  list: List;
  /** each record once, by the first entry that leads to it */
  linked: Linked[];
  missing: Entry[];
  twice: Twice[];
  suggestions: { entry: Entry; candidates: Suggestion[] }[];
}
