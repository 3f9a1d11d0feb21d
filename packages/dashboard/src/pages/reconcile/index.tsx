import type { ReconcileAnswer, ReconcileRequest } from '@crosswalk/sdk';
import { Button, Group, Stack, Text } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import { Failure } from '../../elements/failure.tsx';
import { counted } from '../../elements/figure.ts';
import { PageHeader } from '../../elements/page-header.tsx';
import { Panel } from '../../elements/panel.tsx';
import { FilePanel } from '../../imports/file-panel.tsx';
import type { SourceFile } from '../../imports/source-file.ts';
import { useSystems } from '../../records/use-systems.ts';
import { useEnvironment } from '../../session/environment.ts';
import { Findings } from './findings.tsx';
import { firstList, listProblem, readList } from './list.ts';
import { ListForm } from './list-form.tsx';
import { Mend } from './mend.tsx';

/** How long a comparison may take: 100,000 entries. Milliseconds. */
const timeout = 300_000;

/** Compares another system's list with the records here, and mends what is certain. */
export default function ReconcilePage() {
  const [source, setSource] = useState<SourceFile>();
  return (
    <>
      <PageHeader title="Reconcile" description="Compare the list of another system with the records here. This changes nothing." />
      <FilePanel
        title="List of the other system"
        label="Drop the list here, or choose a file"
        hint="A CSV export with the IDs of that system, and names, addresses or fields to compare. Up to 100,000 entries."
        failed="This file cannot be compared"
        source={source}
        onSource={setSource}
      />
      {source !== undefined && <Comparison key={`${source.name} ${source.file.size}`} source={source} />}
    </>
  );
}

function Comparison({ source }: { source: SourceFile }) {
  const { crosswalk } = useEnvironment();
  const systems = useSystems();
  const [draft, setDraft] = useState(() => firstList(source, systems.names));
  const compare = useMutation({
    mutationFn: async (): Promise<{ request: ReconcileRequest; answer: ReconcileAnswer; of: string }> => {
      const of = JSON.stringify(draft);
      const request = await readList(source, draft);
      return { request, answer: await crosswalk.reconcile(request, { timeout }), of };
    },
  });
  const problem = listProblem(source, draft);
  const found = compare.data;
  return (
    <Stack gap="md" mt="md">
      <Panel title="What the list has">
        <ListForm source={source} draft={draft} onChange={setDraft} problem={problem} />
      </Panel>
      <Group gap="xs">
        <Button onClick={() => compare.mutate()} loading={compare.isPending} disabled={problem !== undefined}>
          {found === undefined ? 'Compare' : 'Compare again'}
        </Button>
        {found !== undefined && found.of !== JSON.stringify(draft) && (
          <Text size="sm" c="dimmed">
            You changed something since this comparison.
          </Text>
        )}
      </Group>
      {compare.error !== null && <Failure title="The list was not compared" error={compare.error} />}
      {found !== undefined && !compare.isPending && (
        <>
          <Text size="sm" aria-live="polite">
            {counted(found.answer.counts.items, 'entries')}, of which {counted(found.answer.counts.linked, `${found.answer.kind}s`)}{' '}
            {found.answer.counts.linked === 1 ? 'is' : 'are'} known here.
          </Text>
          <Findings answer={found.answer} />
          <Mend request={found.request} answer={found.answer} name={source.name} />
        </>
      )}
    </Stack>
  );
}
