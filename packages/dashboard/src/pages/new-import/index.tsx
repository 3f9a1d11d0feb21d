import { Button, Group, Skeleton, Text } from '@mantine/core';
import { useEffect, useState } from 'react';
import { Empty } from '../../elements/empty.tsx';
import { Failure } from '../../elements/failure.tsx';
import { bytes } from '../../elements/figure.ts';
import { PageHeader } from '../../elements/page-header.tsx';
import { Panel } from '../../elements/panel.tsx';
import { Plain } from '../../elements/plain.tsx';
import { FileDrop } from '../../imports/file-drop.tsx';
import { forgetHanded, handedFile } from '../../imports/hand-over.ts';
import { lookAt, type SourceFile } from '../../imports/source-file.ts';
import { useEnvironment } from '../../session/environment.ts';
import { Wizard } from './wizard.tsx';

/** Brings records from a file: choose it, map its columns, check what would happen, import. */
export default function NewImportPage() {
  const { mayEdit } = useEnvironment();
  const [source, setSource] = useState<SourceFile>();
  const [error, setError] = useState<Error>();
  const [isLooking, setLooking] = useState(false);
  const take = async (name: string, file: Blob) => {
    setLooking(true);
    setError(undefined);
    try {
      setSource(await lookAt(name, file));
    } catch (reason) {
      setSource(undefined);
      setError(reason instanceof Error ? reason : new Error(String(reason)));
    } finally {
      setLooking(false);
    }
  };
  useEffect(() => {
    const handed = handedFile();
    if (handed !== undefined) void take(handed.name, handed.file);
  }, []);
  if (!mayEdit)
    return (
      <>
        <PageHeader title="New import" />
        <Empty icon="lock" title="Viewers cannot import" text="Ask an admin of this environment for the role of an editor." />
      </>
    );
  return (
    <>
      <PageHeader title="New import" description="Nothing is written before you have seen what would change." />
      <Panel
        title="File"
        actions={
          source !== undefined && (
            <Button
              size="compact-sm"
              variant="default"
              onClick={() => {
                forgetHanded();
                setSource(undefined);
              }}
            >
              Choose another
            </Button>
          )
        }
      >
        {isLooking ? (
          <Skeleton h={44} />
        ) : source === undefined ? (
          <FileDrop
            label="Drop a file here, or choose one"
            hint="CSV of any system, with its columns named in the first line; or NDJSON, one row a line. Up to 1,000,000 rows."
            onFile={(file) => void take(file.name, file)}
          />
        ) : (
          <Group gap="md">
            <Text size="sm" fw={600}>
              <Plain text={source.name} />
            </Text>
            <Text size="sm" c="dimmed">
              {source.format === 'csv' ? `CSV, ${source.header.length} columns` : 'NDJSON'}, {bytes(source.file.size)}
            </Text>
          </Group>
        )}
        {error !== undefined && (
          <div style={{ marginTop: 12 }}>
            <Failure title="This file cannot be imported" error={error} />
          </div>
        )}
      </Panel>
      {source !== undefined && !isLooking && <Wizard key={`${source.name} ${source.file.size}`} source={source} />}
    </>
  );
}
