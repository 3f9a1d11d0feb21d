import { Skeleton, Text, UnstyledButton } from '@mantine/core';
import { useElementSize, useMediaQuery } from '@mantine/hooks';
import { useWindowVirtualizer } from '@tanstack/react-virtual';
import { type KeyboardEvent, type ReactNode, useEffect, useRef, useState } from 'react';
import type { KeysetRows } from '../data/keyset-rows.ts';
import classes from './data-table.module.css';
import { Failure } from './failure.tsx';
import { PageLink } from './page-link.tsx';

/** One column of a table. */
export interface Column<Row> {
  id: string;
  title: string;
  /** how wide it is, as a track of a CSS grid; default `minmax(120px, 1fr)` */
  width?: string;
  render: (row: Row) => ReactNode;
}

interface DataTableProps<Row> {
  /** what the table holds, for screen readers */
  label: string;
  /** The first is the link to the row's page; on a phone it is the only one, with `phone` below. */
  columns: Column<Row>[];
  rows: KeysetRows<Row>;
  /** What a row opens: the address of a page, such as `/users/usr_1`, or a function that shows it here. */
  pageOf: (row: Row) => string | (() => void);
  /** the second line of a row on a phone */
  phone: (row: Row) => ReactNode;
  /** in place of the rows when there are none */
  empty: ReactNode;
}

/** Pixels of a row, and of one with two lines. All rows are alike, so that the place of each is known before it is loaded. */
const rowHeight = { wide: 41, narrow: 57 } as const;
const defaultWidth = 'minmax(120px, 1fr)';
/** Pixels between two columns, and beside the first and the last together: those of the style sheet. */
const [gap, padding] = [16, 28];
/** Rows that are passed by PageUp and PageDown. */
const leap = 10;

/**
 * A table of any length: only rows on screen are in the page. Arrow keys, PageUp, PageDown, Home and End walk through it, Enter opens. Rows
 * that are not loaded yet are there as skeletons of the same height; what cannot be loaded is told over them, in sight. Columns that have no
 * room are reached by scrolling sideways: by the titles, whose bar is always in sight, or by the rows.
 */
export function DataTable<Row>({ label, columns, rows, pageOf, phone, empty }: DataTableProps<Row>) {
  const narrow = useMediaQuery('(max-width: 48em)', undefined, { getInitialValueInEffect: false }) ?? false;
  const head = useRef<HTMLDivElement>(null);
  const body = useRef<HTMLDivElement>(null);
  /** Pixels that a part was scrolled to because the other was. */
  const movedAlong = useRef(new WeakMap<HTMLElement, number>());
  const { ref: table, width: room } = useElementSize();
  const [offset, setOffset] = useState(0);
  const [active, setActive] = useState(0);
  const [wanted, setWanted] = useState<number>();
  const height = narrow ? rowHeight.narrow : rowHeight.wide;
  useEffect(() => setOffset(body.current === null ? 0 : body.current.getBoundingClientRect().top + window.scrollY), []);
  const pending = rows.total === undefined && rows.error === null;
  const count = pending ? 12 : rows.count;
  const virtualizer = useWindowVirtualizer({ count, estimateSize: () => height, overscan: 8, scrollMargin: offset });
  // All rows have another height: the places are counted again.
  useEffect(() => virtualizer.measure(), [height]);
  const items = virtualizer.getVirtualItems();
  const [firstIndex, lastIndex] = [items[0]?.index ?? 0, items.at(-1)?.index ?? 0];
  const { show } = rows;
  useEffect(() => show(firstIndex, lastIndex), [show, firstIndex, lastIndex]);
  // The row that was asked for by key may have to be drawn, or loaded, before it takes the focus.
  useEffect(() => {
    if (wanted === undefined) return;
    const link = body.current?.querySelector<HTMLElement>(`[data-index="${wanted}"] [data-opens]`);
    if (link == null) return;
    link.focus({ preventScroll: true });
    setWanted(undefined);
  });
  const go = (index: number) => {
    const target = Math.max(0, Math.min(count - 1, index));
    setActive(target);
    setWanted(target);
    virtualizer.scrollToIndex(target, { align: 'auto' });
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const moves: Record<string, number> = {
      ArrowDown: active + 1,
      ArrowUp: active - 1,
      PageDown: active + leap,
      PageUp: active - leap,
      Home: 0,
      End: count - 1,
    };
    const target = moves[event.key];
    if (target === undefined) return;
    event.preventDefault();
    go(target);
  };
  if (rows.error !== null && rows.total === undefined)
    return <Failure title="The list could not be read" error={rows.error} onRetry={rows.retry} />;
  if (!pending && count === 0) return <div className={classes.table}>{empty}</div>;
  const shown = narrow ? columns.slice(0, 1) : columns;
  const grid = { gridTemplateColumns: shown.map(({ width = defaultWidth }) => width).join(' ') };
  const least = narrow ? 0 : shown.reduce((sum, { width = defaultWidth }) => sum + leastOf(width), (shown.length - 1) * gap + padding);
  const isWider = room > 0 && least > room;
  const together = (from: HTMLElement) => {
    // What was moved along tells so later, when the other may be further already: it would be pulled back.
    const isMovedAlong = movedAlong.current.get(from) === from.scrollLeft;
    movedAlong.current.delete(from);
    if (isMovedAlong) return;
    for (const part of [head.current, body.current]) {
      if (part === null || part === from || part.scrollLeft === from.scrollLeft) continue;
      part.scrollLeft = from.scrollLeft;
      movedAlong.current.set(part, part.scrollLeft);
    }
  };
  return (
    <>
      {/* biome-ignore lint/a11y/useSemanticElements: rows that are placed by hand are no table of HTML */}
      <div
        ref={table}
        className={classes.table}
        role="table"
        aria-label={label}
        aria-busy={pending}
        aria-rowcount={rows.total === undefined || rows.total.isFloor ? -1 : rows.total.value + 1}
      >
        {!narrow && (
          // biome-ignore lint/a11y/useSemanticElements: as above
          <div
            ref={head}
            role="rowgroup"
            className={classes.head}
            // What scrolls must be reached by keyboard.
            {...(isWider ? { tabIndex: 0 } : {})}
            onScroll={(event) => together(event.currentTarget)}
          >
            {/* biome-ignore lint/a11y/useSemanticElements: as above */}
            {/* biome-ignore lint/a11y/useFocusableInteractive: a row of titles is not operated */}
            <div role="row" className={classes.row} style={{ ...grid, minWidth: least }} aria-rowindex={1}>
              {shown.map(({ id, title }) => (
                // biome-ignore lint/a11y/useSemanticElements: as above
                // biome-ignore lint/a11y/useFocusableInteractive: as above
                <div role="columnheader" className={classes.title} key={id} title={title}>
                  <bdi>{title}</bdi>
                </div>
              ))}
            </div>
          </div>
        )}
        {/* biome-ignore lint/a11y/useSemanticElements: as above */}
        <div
          ref={body}
          role="rowgroup"
          className={classes.body}
          style={{ height: virtualizer.getTotalSize() }}
          onKeyDown={onKeyDown}
          onScroll={(event) => together(event.currentTarget)}
        >
          {items.map(({ index, start }) => {
            const row = rows.rowAt(index);
            return (
              // biome-ignore lint/a11y/useSemanticElements: as above
              // biome-ignore lint/a11y/useFocusableInteractive: its link is
              <div
                role="row"
                key={index}
                data-index={index}
                data-last={index === count - 1 || undefined}
                aria-rowindex={index + 2}
                className={classes.row}
                style={{ ...grid, minWidth: least, height, transform: `translateY(${start - offset}px)` }}
                onFocus={() => setActive(index)}
              >
                {shown.map((column, place) => (
                  // biome-ignore lint/a11y/useSemanticElements: as above
                  <div role="cell" className={classes.cell} key={column.id}>
                    {row === undefined ? (
                      <Skeleton h={12} w={place === 0 ? '60%' : '40%'} />
                    ) : place === 0 ? (
                      <>
                        <Opener opens={pageOf(row)} tabIndex={index === Math.min(active, count - 1) ? 0 : -1}>
                          {column.render(row)}
                        </Opener>
                        {narrow && (
                          <Text size="xs" c="dimmed" component="div" className={classes.second}>
                            {phone(row)}
                          </Text>
                        )}
                      </>
                    ) : (
                      column.render(row)
                    )}
                  </div>
                ))}
              </div>
            );
          })}
        </div>
      </div>
      {rows.error !== null && (
        <div className={classes.failure}>
          <Failure title="The list could not be read" error={rows.error} onRetry={rows.retry} />
        </div>
      )}
    </>
  );
}

/** The fewest pixels of a track of a grid: what `minmax` begins with, or all of it. */
function leastOf(width: string): number {
  return Number(/\d+/.exec(width)?.[0] ?? 0);
}

/** What the whole row opens. */
function Opener({ opens, tabIndex, children }: { opens: string | (() => void); tabIndex: number; children: ReactNode }) {
  if (typeof opens === 'string')
    return (
      <PageLink to={opens} className={classes.link} tabIndex={tabIndex} data-opens="page">
        {children}
      </PageLink>
    );
  return (
    <UnstyledButton className={classes.link} tabIndex={tabIndex} onClick={opens} data-opens="here">
      {children}
    </UnstyledButton>
  );
}
