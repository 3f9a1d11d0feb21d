import type { Import } from '@crosswalk/sdk';
import { Alert, Button, Group, Skeleton, Stack, Text } from '@mantine/core';
import { useCallback } from 'react';
import { useTaken } from '../data/use-taken.ts';
import { Failure } from '../elements/failure.tsx';
import { counted } from '../elements/figure.ts';
import { Icon } from '../elements/icon.tsx';
import { PageLink } from '../elements/page-link.tsx';
import { Panel } from '../elements/panel.tsx';
import { Plain } from '../elements/plain.tsx';
import { useEnvironment } from '../session/environment.ts';
import { ImportProgress } from './import-progress.tsx';
import classes from './imports.module.css';

type Undo = NonNullable<Import['undo']>;

/** The undo of an import: its progress, what it took back, and what it left alone. */
export function UndoPanel({ id, undo }: { id: string; undo: Undo }) {
  const sum = (outcome: 'removed' | 'restored' | 'left') =>
    Object.values(undo.counts).reduce((total, counts) => total + counts[outcome], 0);
  const left = sum('left');
  return (
    <Panel title="Undo">
      <Stack gap="sm">
        {undo.finish_time === null ? (
          <ImportProgress label="Undoing" done={undo.rows_done} total={undo.rows_total} isWaiting={undo.state === 'QUEUED'} />
        ) : (
          <Text size="sm">
            {counted(sum('removed'), 'records')} removed, {counted(sum('restored'), 'records')} put back as before,{' '}
            {left === 0 ? 'none left alone.' : `${counted(left, 'records')} left alone:`}
          </Text>
        )}
        {undo.error !== null && (
          <Alert color="red" icon={<Icon name="warning" />} title="The undo failed" role="alert">
            <Plain text={undo.error.message} /> Ask for it again to go on with the rest.
          </Alert>
        )}
        {undo.finish_time !== null && left > 0 && <Left id={id} />}
      </Stack>
    </Panel>
  );
}

const reasons = {
  changed: 'Changed since',
  gone: 'Gone since',
  in_use: 'In use since',
  conflict: 'No longer free',
} as const;

function Left({ id }: { id: string }) {
  const { crosswalk } = useEnvironment();
  const left = useTaken(useCallback((signal: AbortSignal) => crosswalk.imports.left(id, { signal }), [crosswalk, id]));
  return (
    <>
      {left.error !== null && <Failure title="The records could not be read" error={left.error} onRetry={left.more} />}
      <ul className={classes.lines} aria-label="Records that were left alone" style={{ margin: 0, padding: 0, listStyle: 'none' }}>
        {left.items.map(({ kind, id: record, reason, message }, index) => (
          <li key={index} className={classes.line}>
            <span>{reasons[reason]}</span>
            <span>
              {kind === 'organization' || kind === 'user' ? <PageLink to={`/${kind}s/${record}`}>{record}</PageLink> : `${kind} ${record}`}
            </span>
            <span>
              <Plain text={message} />
            </span>
          </li>
        ))}
      </ul>
      {left.isLoading && <Skeleton h={40} />}
      {!left.isLoading && left.hasMore && left.error === null && (
        <Group>
          <Button variant="default" onClick={left.more}>
            Show more
          </Button>
        </Group>
      )}
    </>
  );
}
