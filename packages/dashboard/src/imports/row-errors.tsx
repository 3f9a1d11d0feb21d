import { type Import, lineOfFile } from '@crosswalk/sdk';
import { Button, Skeleton, Stack, Text } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { useCallback } from 'react';
import { useTaken } from '../data/use-taken.ts';
import { Failure } from '../elements/failure.tsx';
import { counted, download } from '../elements/figure.ts';
import { Icon } from '../elements/icon.tsx';
import { Panel } from '../elements/panel.tsx';
import { useEnvironment } from '../session/environment.ts';
import { type LeftOut, reasonOfRagged } from './left-out.ts';
import { type LineReason, LineReasons } from './line-reasons.tsx';

interface RowErrorsProps {
  found: Import;
  rowsPerRecord: number;
  leftOut: LeftOut;
}

/** Rejected rows: why, line by line of the file that was chosen, and the rows themselves to be mended. */
export function RowErrors({ found, rowsPerRecord, leftOut }: RowErrorsProps) {
  const { crosswalk } = useEnvironment();
  const { id, format, rows_rejected: count } = found;
  const errors = useTaken(useCallback((signal: AbortSignal) => crosswalk.imports.errors(id, { signal }), [crosswalk, id]));
  const save = useMutation({
    mutationFn: async () => download(await new Response(await crosswalk.imports.rejected(id)).blob(), `${id}-rejected.${format}`),
  });
  const told = errors.items.map(
    ({ line, field, error_code: code, message }): LineReason => ({ line: lineOfFile(line, rowsPerRecord), field, message, code }),
  );
  const untold = leftOut.count - leftOut.first.length;
  return (
    <Panel
      title={counted(count + leftOut.count, 'rejected rows')}
      actions={
        count > 0 && (
          <Button
            size="compact-sm"
            variant="default"
            leftSection={<Icon name="import" size={14} />}
            loading={save.isPending}
            onClick={() => save.mutate()}
          >
            Download them
          </Button>
        )
      }
    >
      <Stack gap="sm">
        <Text size="sm" c="dimmed">
          {count > 0 && 'The download has the rejected rows as they were sent: mend them and import that file. '}
          {leftOut.count > 0 && 'Lines with more or fewer cells than the header were not sent: mend them in the file that you chose.'}
        </Text>
        {save.error !== null && <Failure title="The rows could not be downloaded" error={save.error} />}
        {errors.error !== null && <Failure title="The reasons could not be read" error={errors.error} onRetry={errors.more} />}
        <LineReasons label="Why rows were rejected" reasons={byLine(told, leftOut.first.map(reasonOfRagged), errors.hasMore)} />
        {errors.isLoading && <Skeleton h={60} />}
        {!errors.isLoading && errors.hasMore && errors.error === null && (
          <Button variant="default" onClick={errors.more} style={{ alignSelf: 'start' }}>
            Show more
          </Button>
        )}
        {!errors.hasMore && untold > 0 && (
          <Text size="sm">And {counted(untold, 'more lines')} with more or fewer cells than the header.</Text>
        )}
      </Stack>
    </Panel>
  );
}

/** What the server told and what was not sent, by line. What comes after all that is told so far waits for the rest of that. */
function byLine(told: readonly LineReason[], leftOut: readonly LineReason[], hasMore: boolean): LineReason[] {
  const reached = hasMore ? (told.at(-1)?.line ?? 0) : Number.POSITIVE_INFINITY;
  return [...told, ...leftOut.filter(({ line }) => line <= reached)].sort((one, other) => one.line - other.line);
}
