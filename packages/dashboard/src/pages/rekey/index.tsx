import { Button, Skeleton, Text } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import { Empty } from '../../elements/empty.tsx';
import { Failure } from '../../elements/failure.tsx';
import { bytes } from '../../elements/figure.ts';
import { PageHeader } from '../../elements/page-header.tsx';
import { Panel } from '../../elements/panel.tsx';
import { Plain } from '../../elements/plain.tsx';
import { FileDrop } from '../../imports/file-drop.tsx';
import { lookAt, type SourceFile } from '../../imports/source-file.ts';
import { useEnvironment } from '../../session/environment.ts';
import { Rekeying } from './rekeying.tsx';

/** Replaces external IDs in bulk: choose a file of pairs, check what would happen, do it. */
export default function RekeyPage() {
  const { mayEdit } = useEnvironment();
  const [source, setSource] = useState<SourceFile>();
  const look = useMutation({
    mutationFn: (file: File) => lookAt(file.name, file),
    onSuccess: setSource,
    onError: () => setSource(undefined),
  });
  if (!mayEdit)
    return (
      <>
        <PageHeader title="Re-key" />
        <Empty icon="lock" title="Viewers cannot re-key" text="Ask an admin of this environment for the role of an editor." />
      </>
    );
  return (
    <>
      <PageHeader
        title="Re-key"
        description="Replace many external IDs at once. Nothing is written before you have seen what would change."
      />
      <Panel
        title="File"
        actions={
          source !== undefined && (
            <Button size="compact-sm" variant="default" onClick={() => setSource(undefined)}>
              Choose another
            </Button>
          )
        }
      >
        {look.isPending ? (
          <Skeleton h={44} />
        ) : source === undefined ? (
          <FileDrop
            label="Drop a file here, or choose one"
            hint="A CSV with the columns old and new: an ID that a record has, and the one that takes its place. Up to 100,000 pairs."
            onFile={look.mutate}
          />
        ) : (
          <Text size="sm">
            <b>
              <Plain text={source.name} />
            </b>
            , {bytes(source.file.size)}
          </Text>
        )}
        {look.error !== null && source === undefined && (
          <div style={{ marginTop: 12 }}>
            <Failure title="This file cannot be read" error={look.error} />
          </div>
        )}
      </Panel>
      {source !== undefined && <Rekeying key={`${source.name} ${source.file.size}`} source={source} />}
    </>
  );
}
