import { Button, Skeleton, Stack, Table } from '@mantine/core';
import type { ReactNode } from 'react';
import type { GrowingList } from '../data/growing-list.ts';
import { Failure } from './failure.tsx';
import classes from './simple-table.module.css';

/** One column of a table that has no more rows than people read. */
export interface SimpleColumn<Row> {
  title: string;
  /** The title is for screen readers alone, over buttons; those of the last column stay in sight when the table scrolls. */
  hidden?: boolean;
  /** Pixels; default as wide as it needs. */
  width?: number;
  render: (row: Row) => ReactNode;
}

interface SimpleTableProps<Row> {
  /** what the table holds, for screen readers */
  label: string;
  columns: SimpleColumn<Row>[];
  rows: readonly Row[];
  keyOf: (row: Row) => string;
  /** Pixels below which it scrolls sideways; default 560. */
  minWidth?: number;
}

/** A table of a few rows. On a phone it scrolls sideways in itself. */
export function SimpleTable<Row>({ label, columns, rows, keyOf, minWidth = 560 }: SimpleTableProps<Row>) {
  return (
    <Table.ScrollContainer minWidth={minWidth} type="native" tabIndex={0} role="region" aria-label={label}>
      <Table verticalSpacing={7} highlightOnHover aria-label={label} className={classes.table}>
        <Table.Thead>
          <Table.Tr>
            {columns.map(({ title, hidden = false, width }) =>
              hidden ? (
                <Table.Th key={title} aria-label={title} className={classes.hidden} {...(width === undefined ? {} : { w: width })} />
              ) : (
                <Table.Th key={title} {...(width === undefined ? {} : { w: width })}>
                  {title}
                </Table.Th>
              ),
            )}
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {rows.map((row) => (
            <Table.Tr key={keyOf(row)}>
              {columns.map(({ title, hidden = false, render }) => (
                <Table.Td key={title} className={hidden ? classes.hidden : undefined}>
                  {render(row)}
                </Table.Td>
              ))}
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </Table.ScrollContainer>
  );
}

interface GrowingTableProps<Row> extends Omit<SimpleTableProps<Row>, 'rows'> {
  list: GrowingList<Row>;
  /** in place of the rows when there are none */
  empty: ReactNode;
}

/** A table that grows by a button while there is more: with what stands in for it before, without rows, and after an error. */
export function GrowingTable<Row>({ list, empty, ...table }: GrowingTableProps<Row>) {
  if (list.total === undefined)
    return list.error === null ? <RowSkeletons /> : <Failure title="The list could not be read" error={list.error} onRetry={list.retry} />;
  if (list.rows.length === 0) return empty;
  return (
    <>
      <SimpleTable rows={list.rows} {...table} />
      {list.error !== null && <Failure title="The list could not be read" error={list.error} onRetry={list.retry} />}
      {list.more !== undefined && (
        <Button variant="default" mt="sm" loading={list.busy} onClick={list.more}>
          Show more
        </Button>
      )}
    </>
  );
}

/** What stands in for rows until they are there. */
export function RowSkeletons() {
  return (
    <Stack gap={8} aria-hidden="true">
      {['a', 'b', 'c', 'd', 'e'].map((key) => (
        <Skeleton key={key} h={32} />
      ))}
    </Stack>
  );
}
