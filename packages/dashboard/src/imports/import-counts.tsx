import type { Import } from '@crosswalk/sdk';
import { Table, Text } from '@mantine/core';
import { figure } from '../elements/figure.ts';
import classes from './imports.module.css';

const kinds = [
  ['organization', 'Organizations'],
  ['user', 'Users'],
  ['membership', 'Memberships'],
  ['role', 'Roles'],
  ['permission', 'Permissions'],
  ['unknown', 'Not readable'],
] as const;
const outcomes = [
  ['created', 'Create', 'Created'],
  ['updated', 'Update', 'Updated'],
  ['unchanged', 'Unchanged', 'Unchanged'],
  ['conflicts', 'Conflict', 'Conflict'],
  ['invalid', 'Invalid', 'Invalid'],
] as const;

/** What becomes of the rows, or became of them, by kind. Lines that were left out before cannot be read either. */
export function ImportCounts({ found, leftOut }: { found: Import; leftOut: number }) {
  const { options } = found;
  const { unknown } = found.counts;
  const counts = { ...found.counts, unknown: { ...unknown, invalid: unknown.invalid + leftOut } };
  const rows = kinds.filter(([kind]) => outcomes.some(([outcome]) => counts[kind][outcome] > 0));
  if (rows.length === 0)
    return (
      <Text size="sm" c="dimmed">
        No rows were looked at yet.
      </Text>
    );
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls on a phone must be reached by keyboard
    <section className={classes.scroll} tabIndex={0} aria-label="Counts">
      <Table className={classes.counts} withRowBorders verticalSpacing={6} aria-label="Rows by kind and outcome">
        <Table.Thead>
          <Table.Tr>
            <Table.Th>Rows</Table.Th>
            {outcomes.map(([outcome, will, did]) => (
              <Table.Th key={outcome}>{options.dry_run ? will : did}</Table.Th>
            ))}
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {rows.map(([kind, label]) => (
            <Table.Tr key={kind}>
              <Table.Th scope="row">{label}</Table.Th>
              {outcomes.map(([outcome]) => (
                <Table.Td key={outcome} data-outcome={counts[kind][outcome] > 0 ? outcome : 'none'}>
                  {figure(counts[kind][outcome])}
                </Table.Td>
              ))}
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </section>
  );
}
