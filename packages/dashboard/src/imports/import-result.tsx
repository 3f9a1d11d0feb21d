import type { Import } from '@crosswalk/sdk';
import { Alert, Stack, Text } from '@mantine/core';
import { Icon } from '../elements/icon.tsx';
import { Panel } from '../elements/panel.tsx';
import { Plain } from '../elements/plain.tsx';
import { ImportCounts } from './import-counts.tsx';
import { ImportProgress } from './import-progress.tsx';
import { ImportSamples } from './import-samples.tsx';
import type { LeftOut } from './left-out.ts';
import { RowErrors } from './row-errors.tsx';

interface ImportResultProps {
  found: Import;
  rowsPerRecord: number;
  leftOut: LeftOut;
}

/** What became of an import, or becomes of it now: progress, counts, examples, rejected rows. */
export function ImportResult({ found, rowsPerRecord, leftOut }: ImportResultProps) {
  const { state, error, options, finish_time: end, rows_done: done, rows_total: total, rows_rejected: rejected } = found;
  return (
    <Stack gap="md">
      {end === null && (
        <ImportProgress
          label={options.dry_run ? 'Checking' : 'Importing'}
          done={done}
          total={total}
          isWaiting={state === 'QUEUED' || state === 'RECEIVING'}
        />
      )}
      {error !== null && (
        <Alert color="red" icon={<Icon name="warning" />} title={options.dry_run ? 'The check failed' : 'The import failed'} role="alert">
          <Text size="sm">
            <Plain text={error.message} />
          </Text>
          <Text size="xs" mt={4}>
            {error.error_code}
          </Text>
        </Alert>
      )}
      {(end !== null || done > 0) && (
        <Panel title={options.dry_run ? 'What an import would do' : 'What became of the rows'}>
          <ImportCounts found={found} leftOut={leftOut.count} />
        </Panel>
      )}
      <ImportSamples found={found} rowsPerRecord={rowsPerRecord} />
      {end !== null && rejected + leftOut.count > 0 && <RowErrors found={found} rowsPerRecord={rowsPerRecord} leftOut={leftOut} />}
    </Stack>
  );
}
