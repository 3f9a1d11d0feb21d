import { Button, Group, Skeleton, Text } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { useEffect } from 'react';
import { Failure } from '../elements/failure.tsx';
import { bytes } from '../elements/figure.ts';
import { Panel } from '../elements/panel.tsx';
import { Plain } from '../elements/plain.tsx';
import { FileDrop } from './file-drop.tsx';
import type { HandedFile } from './hand-over.ts';
import { lookAt, type SourceFile } from './source-file.ts';

interface FilePanelProps {
  title: string;
  /** what is asked for, and what of it is taken */
  label: string;
  hint: string;
  /** what is said of a file whose beginning cannot be read */
  failed: string;
  /** one that is there already: it is looked at as if it had been chosen */
  handed?: HandedFile | undefined;
  source: SourceFile | undefined;
  /** undefined: another one is to be chosen, or the one that was cannot be read */
  onSource: (source: SourceFile | undefined) => void;
}

/** Where a page begins that works on a file: it is chosen, its beginning is looked at, and it is told. */
export function FilePanel({ title, label, hint, failed, handed, source, onSource }: FilePanelProps) {
  const look = useMutation({
    mutationFn: ({ name, file }: HandedFile) => lookAt(name, file),
    onSuccess: onSource,
    onError: () => onSource(undefined),
  });
  useEffect(() => {
    if (handed !== undefined) look.mutate(handed);
  }, []);
  return (
    <Panel
      title={title}
      actions={
        source !== undefined && (
          <Button size="compact-sm" variant="default" onClick={() => onSource(undefined)}>
            Choose another
          </Button>
        )
      }
    >
      {look.isPending ? (
        <Skeleton h={44} />
      ) : source === undefined ? (
        <FileDrop label={label} hint={hint} onFile={(file) => look.mutate({ name: file.name, file })} />
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
      {look.error !== null && source === undefined && (
        <div style={{ marginTop: 12 }}>
          <Failure title={failed} error={look.error} />
        </div>
      )}
    </Panel>
  );
}
