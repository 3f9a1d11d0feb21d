import type { ReconcileAnswer } from '@crosswalk/sdk';
import { paint } from '../paint.ts';
import { figure, safe, shortJson } from '../print.ts';

/** Entries of each finding that people are shown; --json has more. */
const told = 10;

/** A comparison for people to read: the counts, and the first of each finding. */
export function printReconciled(answer: ReconcileAnswer): string {
  const { counts, kind, system } = answer;
  const findings: [string, number, string[]][] = [
    ['missing here', counts.missing_here, answer.missing_here.map(({ id }) => safe(id))],
    [
      'missing there',
      counts.missing_there,
      answer.missing_there.map(({ id, record_id, display_name }) => `${safe(id)}  ${record_id}  ${safe(display_name)}`),
    ],
    [
      'linked twice',
      counts.linked_twice,
      answer.linked_twice.map(
        ({ record_id, entries }) => `${entries.map(({ id }) => safe(id)).join(', ')}  ${record_id ?? 'nothing here'}`,
      ),
    ],
    [
      'different',
      counts.different,
      answer.different.map(({ id, record_id, differences }) => `${safe(id)}  ${record_id}  ${differencesIn(differences)}`),
    ],
    [
      'stale',
      counts.stale,
      answer.stale.map(({ id, record_id, current_id }) => `${safe(id)}  ${record_id}  is ${safe(current_id ?? 'gone')} now`),
    ],
    ['may be', counts.suggested, answer.suggestions.map(({ id, candidates }) => `${safe(id)}  ${candidates.map(candidate).join(', ')}`)],
    ['invalid', counts.invalid, answer.invalid.map(({ id, reason }) => `${safe(id)}  ${safe(reason)}`)],
  ];
  const { link, set, add, left_out: leftOut } = counts.mend;
  return [
    `${paint.bold(`${figure(counts.items)} entries${system === null ? '' : ` of ${system}`}`)}: ${figure(counts.linked)} lead to ${kind}s here\n`,
    ...findings.flatMap(([name, count, lines]) => [
      count === 0 ? '' : `  ${name.padEnd(14)}${paint.yellow(figure(count))}\n`,
      ...lines.slice(0, told).map((line) => `    ${line}\n`),
      count > told && lines.length > 0 ? `    ${paint.dim(`and ${figure(count - Math.min(told, lines.length))} more: see --json`)}\n` : '',
    ]),
    findings.every(([, count]) => count === 0)
      ? `  ${paint.green('no differences')}\n`
      : `  mending links ${figure(link)}, sets ${figure(set)}, adds ${figure(add)}, and leaves out ${figure(leftOut)}\n`,
  ].join('');
}

function differencesIn(differences: ReconcileAnswer['different'][number]['differences']): string {
  return Object.entries(differences)
    .map(([field, { here, there }]) => `${safe(field)} ${safe(shortJson(here))} here, ${safe(shortJson(there))} there`)
    .join('; ');
}

function candidate({ record_id: id, display_name: name, by }: ReconcileAnswer['suggestions'][number]['candidates'][number]): string {
  return `${id} ${safe(name)} by ${by}`;
}
