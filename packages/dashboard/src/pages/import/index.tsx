import { Button, Group, Skeleton, Stack, Text } from '@mantine/core';
import { useQueryClient } from '@tanstack/react-query';
import { useEffect, useState } from 'react';
import { usePathPart } from '../../data/location.ts';
import { exampleOfReading, quoted } from '../../elements/client-code.ts';
import { CodeExample } from '../../elements/code-example.tsx';
import { Confirm } from '../../elements/confirm.tsx';
import { Copyable } from '../../elements/copyable.tsx';
import { Facts } from '../../elements/facts.tsx';
import { Failure } from '../../elements/failure.tsx';
import { bytes, duration } from '../../elements/figure.ts';
import { PageHeader } from '../../elements/page-header.tsx';
import { PageLink } from '../../elements/page-link.tsx';
import { Panel } from '../../elements/panel.tsx';
import { Plain } from '../../elements/plain.tsx';
import { RelativeTime } from '../../elements/relative-time.tsx';
import { ImportResult } from '../../imports/import-result.tsx';
import { ImportState } from '../../imports/import-state.tsx';
import { nothingLeftOut } from '../../imports/left-out.ts';
import { rememberedImport } from '../../imports/remembered.ts';
import { matchLabel } from '../../imports/settings-form.tsx';
import { UndoPanel } from '../../imports/undo-panel.tsx';
import { hasEnded, useImport } from '../../imports/use-import.ts';
import { useSystems } from '../../records/use-systems.ts';
import { useEnvironment } from '../../session/environment.ts';

/** One import: watched while it goes on, told when it is done, undone when it was wrong. */
export default function ImportPage() {
  const id = usePathPart('id');
  const { id: environmentId, crosswalk, mayEdit } = useEnvironment();
  const queries = useQueryClient();
  const systems = useSystems();
  const { data: found, error, refetch } = useImport(id);
  const [asking, setAsking] = useState<'cancel' | 'undo'>();
  const ended = found !== undefined && hasEnded(found);
  // Records and the list of imports have changed with its end.
  useEffect(() => {
    if (ended)
      void queries.invalidateQueries({
        queryKey: [environmentId],
        predicate: ({ queryKey }) => queryKey[1] !== 'imports' || queryKey[2] === 'list',
      });
  }, [ended, queries, environmentId]);
  const known = rememberedImport(id);
  const title = known === undefined ? 'Import' : known.name;
  if (found === undefined)
    return (
      <>
        <PageHeader title={title} />
        {error === null ? (
          <Stack aria-hidden="true">
            <Skeleton h={90} />
            <Skeleton h={160} />
          </Stack>
        ) : (
          <Failure title="The import could not be read" error={error} onRetry={() => void refetch()} />
        )}
      </>
    );
  const { options, start_time: start, finish_time: end, undo } = found;
  const wrote = !options.dry_run && end !== null;
  const mayUndo = mayEdit && wrote && (undo === null || undo.state === 'FAILED' || undo.state === 'CANCELED');
  const act = async (verb: 'cancel' | 'undo') => {
    const after = await (verb === 'cancel' ? crosswalk.imports.cancel(id) : crosswalk.imports.undo(id));
    queries.setQueryData([environmentId, 'imports', 'one', id], after);
  };
  return (
    <>
      <PageHeader
        title={title}
        heading={
          <>
            <Plain text={title} /> <ImportState found={found} />
          </>
        }
        description={<PageLink to="/imports">All imports</PageLink>}
      >
        <CodeExample example={exampleOfReading(`/api/v1/imports/${id}`, `crosswalk.imports.get(${quoted(id)})`)} />
        {mayEdit && !ended && (
          <Button variant="default" onClick={() => setAsking('cancel')}>
            {end === null ? 'Cancel' : 'Stop the undo'}
          </Button>
        )}
        {mayUndo && (
          <Button variant="default" onClick={() => setAsking('undo')}>
            {undo === null ? 'Undo' : 'Go on with the undo'}
          </Button>
        )}
      </PageHeader>
      <Stack gap="md">
        {error !== null && (
          <Failure title="The server does not answer; the import goes on when it is back" error={error} onRetry={() => void refetch()} />
        )}
        {undo !== null && <UndoPanel key={undo.finish_time} id={id} undo={undo} />}
        <ImportResult found={found} rowsPerRecord={known?.rowsPerRecord ?? 1} leftOut={known?.leftOut ?? nothingLeftOut} />
        {options.dry_run && end !== null && (
          <Group gap="sm">
            <Text size="sm">This was a check: nothing was written.</Text>
            <PageLink to="/imports/new">Choose the file again to import it</PageLink>
          </Group>
        )}
        <Panel title="Details">
          <Facts
            facts={[
              { name: 'ID', value: <Copyable text={id} label="import ID" /> },
              { name: 'File', value: `${found.format === 'csv' ? 'CSV' : 'NDJSON'}, ${bytes(found.bytes)}` },
              { name: 'Begun', value: <RelativeTime time={found.create_time} /> },
              ...(start !== null && end !== null ? [{ name: 'Took', value: duration((Date.parse(end) - Date.parse(start)) / 1000) }] : []),
              {
                name: 'Records',
                value: { upsert: 'create and update', create_only: 'create only', update_only: 'update only' }[options.mode],
              },
              ...(options.match_by === 'any' ? [] : [{ name: 'Matched by', value: matchLabel(options.match_by, systems) }]),
              { name: 'Taken IDs', value: options.on_conflict === 'reject' ? 'reject the row' : 'leave the ID, take the rest' },
              ...(options.atomic ? [{ name: 'All or nothing', value: 'yes' }] : []),
              ...(options.send_invitations ? [{ name: 'Invitations', value: 'sent to new members' }] : []),
            ]}
          />
        </Panel>
      </Stack>
      <Confirm
        opened={asking === 'cancel'}
        onClose={() => setAsking(undefined)}
        title={end === null ? 'Cancel this import?' : 'Stop the undo?'}
        action={end === null ? 'Cancel the import' : 'Stop the undo'}
        onConfirm={() => act('cancel')}
      >
        It ends after the rows under way. What was done until then stays.
      </Confirm>
      <Confirm
        opened={asking === 'undo'}
        onClose={() => setAsking(undefined)}
        title="Undo this import?"
        action="Undo the import"
        onConfirm={() => act('undo')}
      >
        Records that it made are removed, and those that it changed get back what they had. Records that were changed since are left alone
        and listed.
      </Confirm>
    </>
  );
}
