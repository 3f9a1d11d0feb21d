import { Button, Group, Paper, Text } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { Confirm } from '../../elements/confirm.tsx';
import { Failure } from '../../elements/failure.tsx';
import { notify } from '../../elements/notify.ts';
import { PageLink } from '../../elements/page-link.tsx';
import { useEnvironment } from '../../session/environment.ts';
import { findSampleImport, leftBy, loadSample, removeSample } from './sample-import.ts';

/** Fills an empty environment with a sample to look around in, and takes it out again. Nothing where neither is due. */
export function SampleData({ empty }: { empty: boolean }) {
  const { id: environmentId, crosswalk, mayEdit } = useEnvironment();
  const queries = useQueryClient();
  const [removing, setRemoving] = useState(false);
  const key = [environmentId, 'imports', 'sample'];
  const { data: found } = useQuery({
    queryKey: key,
    queryFn: async ({ signal }) => (await findSampleImport(crosswalk, signal)) ?? null,
    enabled: mayEdit,
  });
  const changed = () => queries.invalidateQueries({ queryKey: [environmentId] });
  const load = useMutation({
    mutationFn: () => loadSample(crosswalk),
    onSuccess: async () => {
      await changed();
      notify('The sample is there: look around.');
    },
  });
  const remove = async (id: string) => {
    const left = leftBy(await removeSample(crosswalk, id));
    await changed();
    notify(left === 0 ? 'The sample is gone.' : `The sample is gone but for ${left} records that were changed or used since.`);
  };
  if (!mayEdit || (!empty && found == null)) return null;
  return (
    <Paper
      withBorder
      radius="md"
      px="md"
      py={10}
      component="section"
      aria-label="Sample data"
      style={{ borderColor: 'var(--crosswalk-line)' }}
    >
      <Group justify="space-between" gap="sm">
        {found != null ? (
          <>
            <Text size="sm" style={{ flex: '1 1 260px' }}>
              This environment has the sample data in it.
            </Text>
            <PageLink to={`/imports/${found.id}`}>Show its import</PageLink>
            <Button variant="default" onClick={() => setRemoving(true)}>
              Remove sample data
            </Button>
          </>
        ) : (
          <>
            <Text size="sm" style={{ flex: '1 1 260px' }}>
              Or look around first: 20 organizations and 60 people, with IDs of Stripe and Salesforce and metadata. One click takes them out
              again.
            </Text>
            <Button variant="default" loading={load.isPending} onClick={() => load.mutate()}>
              Load sample data
            </Button>
          </>
        )}
      </Group>
      {load.error !== null && <Failure title="The sample was not loaded" error={load.error} />}
      {removing && found != null && (
        <Confirm
          opened
          onClose={() => setRemoving(false)}
          title="Remove the sample data?"
          action="Remove sample data"
          onConfirm={() => remove(found.id)}
        >
          The organizations, users and memberships of the sample are deleted. Those that somebody changed since stay.
        </Confirm>
      )}
    </Paper>
  );
}
