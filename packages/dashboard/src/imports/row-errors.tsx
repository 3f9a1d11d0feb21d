import { type Import, lineOfFile } from '@crosswalk/sdk';
import { Button, Skeleton, Stack, Text } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { useCallback } from 'react';
import { useTaken } from '../data/use-taken.ts';
import { Failure } from '../elements/failure.tsx';
import { counted, download } from '../elements/figure.ts';
import { Icon } from '../elements/icon.tsx';
import { Panel } from '../elements/panel.tsx';
import { Plain } from '../elements/plain.tsx';
import { useEnvironment } from '../session/environment.ts';
import classes from './imports.module.css';

/** Rejected rows: why, line by line of the file that was chosen, and the rows themselves to be mended. */
export function RowErrors({ found, rowsPerRecord }: { found: Import; rowsPerRecord: number }) {
  const { crosswalk } = useEnvironment();
  const { id, format, rows_rejected: count } = found;
  const errors = useTaken(useCallback((signal: AbortSignal) => crosswalk.imports.errors(id, { signal }), [crosswalk, id]));
  const save = useMutation({
    mutationFn: async () => download(await new Response(await crosswalk.imports.rejected(id)).blob(), `${id}-rejected.${format}`),
  });
  return (
    <Panel
      title={counted(count, 'rejected rows')}
      actions={
        <Button
          size="compact-sm"
          variant="default"
          leftSection={<Icon name="import" size={14} />}
          loading={save.isPending}
          onClick={() => save.mutate()}
        >
          Download them
        </Button>
      }
    >
      <Stack gap="sm">
        <Text size="sm" c="dimmed">
          The download has the rejected rows as they were sent: mend them and import that file.
        </Text>
        {save.error !== null && <Failure title="The rows could not be downloaded" error={save.error} />}
        {errors.error !== null && <Failure title="The reasons could not be read" error={errors.error} onRetry={errors.more} />}
        <ul className={classes.lines} aria-label="Why rows were rejected" style={{ margin: 0, padding: 0, listStyle: 'none' }}>
          {errors.items.map(({ line, field, error_code: code, message }, index) => (
            <li key={index} className={classes.line}>
              <span>line {lineOfFile(line, rowsPerRecord)}</span>
              <span>
                <Plain text={field} />
              </span>
              <span>
                <Plain text={message} />{' '}
                <Text span size="xs" c="dimmed">
                  {code}
                </Text>
              </span>
            </li>
          ))}
        </ul>
        {errors.isLoading && <Skeleton h={60} />}
        {!errors.isLoading && errors.hasMore && errors.error === null && (
          <Button variant="default" onClick={errors.more} style={{ alignSelf: 'start' }}>
            Show more
          </Button>
        )}
      </Stack>
    </Panel>
  );
}
