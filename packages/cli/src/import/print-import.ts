import type { Import, ImportLeft, ImportRowError, ImportUndo } from '@crosswalk/sdk';
import { paint } from '../paint.ts';
import { figure, safe, shortJson } from '../print.ts';

const kinds = ['organization', 'user', 'membership', 'role', 'permission', 'unknown'] as const;
const outcomes = ['created', 'updated', 'unchanged', 'conflicts', 'invalid'] as const;

/** An import for people to read: what became of its rows, by kind. */
export function printImport(found: Import): string {
  const { id, options, counts, samples, error, undo } = found;
  const rows = kinds.filter((kind) => outcomes.some((outcome) => counts[kind][outcome] > 0));
  const table = tableOf(
    outcomes,
    rows.map((kind) => [kind === 'unknown' ? 'not readable' : kind, ...outcomes.map((outcome) => counts[kind][outcome])]),
  );
  return [
    `${paint.bold(id)}  ${state(found)}${options.dry_run ? ': a dry run, nothing was written' : ''}\n`,
    error === null ? '' : `  ${paint.red(error.error_code)}  ${safe(error.message)}\n`,
    ...(rows.length === 0 ? ['  no rows\n'] : table),
    ...samples.flatMap(({ line, kind, id: record, changed }) => [
      `  line ${line}  ${kind}  ${record ?? 'new'}\n`,
      ...Object.entries(changed).map(([path, [old, now]]) => `    ${safe(path)}  ${text(old)} -> ${text(now)}\n`),
    ]),
    undo === null ? '' : printUndo(undo),
  ].join('');
}

/** What its undo did. */
function printUndo({ state: name, counts, error }: ImportUndo): string {
  const rows = Object.entries(counts).filter(([, count]) => effects.some((effect) => count[effect] > 0));
  return [
    `  undo ${colored(name)}\n`,
    error === null ? '' : `  ${paint.red(error.error_code)}  ${safe(error.message)}\n`,
    ...tableOf(
      effects,
      rows.map(([kind, count]) => [kind, ...effects.map((effect) => count[effect])]),
    ),
  ].join('');
}

const effects = ['removed', 'restored', 'left'] as const;

function tableOf(head: readonly string[], rows: readonly (readonly [string, ...number[]])[]): string[] {
  return [['', ...head], ...rows.map(([name, ...figures]) => [name, ...figures.map(figure)])].map(
    ([name = '', ...figures]) => `  ${name.padEnd(14)}${figures.map((text) => text.padStart(11)).join('')}\n`,
  );
}

/** A record that an undo left alone, in one line. */
export function printLeft({ line, kind, id, reason, message }: ImportLeft): string {
  return `line ${line}  ${kind}  ${id}  ${paint.yellow(reason)}  ${safe(message)}\n`;
}

/** An import in one line. */
export function printImportLine(found: Import): string {
  const { id, rows_total: total, rows_rejected: rejected, create_time: time, options, undo } = found;
  const notes = [options.dry_run ? 'dry run' : '', undo === null ? '' : 'undone', rejected === 0 ? '' : `${figure(rejected)} rejected`]
    .filter(Boolean)
    .join(', ');
  return `${id}  ${time}  ${state(found)}  ${figure(total)} rows${notes === '' ? '' : `  ${notes}`}\n`;
}

/** Why a row was rejected, in one line. */
export function printRowError({ line, field, error_code: code, message }: ImportRowError): string {
  return `line ${line}  ${safe(field)}  ${paint.yellow(code)}  ${safe(message)}\n`;
}

function state({ state: name, rows_done: done, rows_total: total }: Import): string {
  return `${colored(name)}${name === 'RUNNING' || name === 'CANCELED' ? ` (${figure(done)} of ${figure(total)} rows)` : ''}`;
}

function colored(name: Import['state'] | ImportUndo['state']): string {
  const color = name === 'DONE' ? paint.green : name === 'FAILED' ? paint.red : paint.yellow;
  return color(name.toLowerCase());
}

function text(value: unknown): string {
  return value === null ? paint.dim('nothing') : safe(shortJson(value));
}
