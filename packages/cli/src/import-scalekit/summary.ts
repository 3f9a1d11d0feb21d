import type pc from 'picocolors';
import { figure, safe } from '../print.ts';
import type { ImportSettings } from './settings.ts';
import type { ImportIdentity } from './state.ts';
import { conflictsIn, kinds, outcomes, recordsIn, type Tally } from './tally.ts';

/** What an import tells at its end, also as JSON. */
export type Summary = Tally & {
  source: string;
  target: { url: string; environment_id: string };
  dry_run: boolean;
  /** of `conflicts`, which has the first 1,000 */
  conflicts_total: number;
  /** of this run, without what was done before an interruption */
  seconds: number;
  records_per_second: number;
};

/** Puts a summary together. `before` are the records of runs that were interrupted. */
export function summaryOf(tally: Tally, { target }: ImportIdentity, settings: ImportSettings, seconds: number, before: number): Summary {
  return {
    source: settings.source.url,
    target,
    dry_run: settings.dryRun,
    ...tally,
    conflicts_total: conflictsIn(tally),
    seconds: Math.round(seconds * 10) / 10,
    records_per_second: Math.round((recordsIn(tally) - before) / Math.max(seconds, 0.001)),
  };
}

/** A summary for people to read. */
export function printSummary(summary: Summary, color: ReturnType<typeof pc.createColors>): string {
  const title = summary.dry_run ? 'Dry run: nothing was written. This is what an import would do' : `Imported in ${summary.seconds} s`;
  const head = ['', ...(summary.dry_run ? ['create', 'change', 'leave', 'refuse'] : ['created', 'changed', 'unchanged', 'conflicts'])];
  const rows = kinds.map((kind) => [kind.replace('_', ' '), ...outcomes.map((outcome) => figure(summary.counts[kind][outcome]))]);
  const table = [head, ...rows].map(
    ([name = '', ...figures]) => `  ${name.padEnd(18)}${figures.map((text) => text.padStart(11)).join('')}`,
  );
  return [color.bold(`${title}: ${safe(summary.source)} -> ${safe(summary.target.url)}`), ...table, ...notesOf(summary)].join('\n');
}

function notesOf(summary: Summary): string[] {
  const notes: [string, number, string][] = [
    ['pending invitations left out', summary.pending_invitations, '--invitations imports them, and Crosswalk invites these people anew'],
    ['expired invitations left out', summary.expired_invitations, 'they are never imported'],
    ['settings or roles of organizations that Scalekit did not show', summary.unreadable_settings, 'those of Crosswalk stay'],
    ['conflicts', summary.conflicts_total, 'told above; the records are as they were: mend them and run it again'],
  ];
  return notes.filter(([, count]) => count > 0).map(([what, count, hint]) => `  ${what}: ${figure(count)}; ${hint}`);
}
