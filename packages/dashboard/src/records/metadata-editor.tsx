import { PreconditionError } from '@crosswalk/sdk';
import { Alert, Button, Group, SegmentedControl, Stack, Text } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { Suspense, useState } from 'react';
import { Dialog } from '../elements/dialog.tsx';
import { Failure } from '../elements/failure.tsx';
import { Icon } from '../elements/icon.tsx';
import { later } from '../elements/later.tsx';
import { notify } from '../elements/notify.ts';
import { useUnsaved } from '../elements/unsaved.ts';
import { Differences } from './differences.tsx';
import type { Metadata, WithMetadata } from './kind.ts';
import { MetadataConflict } from './metadata-conflict.tsx';
import { type DraftRow, differencesOf, readJson, readRows, rowsOf } from './metadata-draft.ts';
import { MetadataRows } from './metadata-rows.tsx';

const JsonEditor = later(() => import('../elements/json-editor.tsx'));

interface MetadataEditorProps {
  /** the record as it was when editing began */
  record: WithMetadata;
  /** The record as it is now. */
  read: () => Promise<WithMetadata>;
  /** Puts the metadata in the place of what a version has; a `PreconditionError` when there is a later one. */
  save: (metadata: Metadata, version: number) => Promise<unknown>;
  onClose: () => void;
}

/** Edits metadata: as rows with types or as JSON, then the differences, then saved for the version that was read and no other. */
export default function MetadataEditor({ record, read, save: store, onClose }: MetadataEditorProps) {
  // What the draft is compared with: the newest version that the person has seen.
  const [base, setBase] = useState<WithMetadata>(record);
  const [tab, setTab] = useState<'rows' | 'json'>('rows');
  const [rows, setRows] = useState<DraftRow[]>(() => rowsOf(record.metadata));
  const [json, setJson] = useState('');
  const [review, setReview] = useState<Metadata>();
  const [theirs, setTheirs] = useState<WithMetadata>();
  const reading = tab === 'rows' ? readRows(rows) : readJson(json);
  const problems = reading.problems ?? new Map<number, string>();
  const differences = reading.metadata === undefined ? [] : differencesOf(base.metadata, reading.metadata);
  const save = useMutation({
    mutationFn: (metadata: Metadata) => store(metadata, base.version),
    onSuccess: () => {
      onClose();
      notify('Metadata saved.');
    },
    onError: async (error) => {
      if (error instanceof PreconditionError) setTheirs(await read());
    },
  });
  const edit = (metadata: Metadata) => {
    setRows(rowsOf(metadata));
    setJson(JSON.stringify(metadata, null, 2));
  };
  const mayLeave = useUnsaved(() => !save.isSuccess && (reading.metadata === undefined || differences.length > 0));
  const close = () => {
    if (mayLeave()) onClose();
  };
  if (theirs !== undefined && review !== undefined) {
    return (
      <MetadataConflict
        base={base}
        mine={review}
        theirs={theirs}
        onCancel={onClose}
        onMerge={(merged) => {
          edit(merged);
          setBase(theirs);
          setTheirs(undefined);
          setReview(merged);
          save.reset();
        }}
      />
    );
  }
  if (review !== undefined) {
    const changes = differencesOf(base.metadata, review);
    return (
      <Dialog opened onClose={() => setReview(undefined)} title="Save these changes?" size="lg">
        <Stack>
          {changes.length === 0 ? <Text size="sm">Nothing differs from what is stored.</Text> : <Differences differences={changes} />}
          {save.error !== null && !(save.error instanceof PreconditionError) && <Failure title="Not saved" error={save.error} />}
          <Group justify="flex-end" gap="xs">
            <Button variant="default" onClick={() => setReview(undefined)}>
              Back
            </Button>
            <Button onClick={() => save.mutate(review)} loading={save.isPending} disabled={changes.length === 0} data-autofocus>
              Save
            </Button>
          </Group>
        </Stack>
      </Dialog>
    );
  }
  return (
    <Dialog opened onClose={close} title="Edit metadata" size="xl" closeOnClickOutside={false}>
      <Stack>
        <SegmentedControl
          size="xs"
          style={{ alignSelf: 'flex-start' }}
          aria-label="How to edit"
          data={[
            { value: 'rows', label: 'Rows' },
            { value: 'json', label: 'JSON' },
          ]}
          value={tab}
          // What cannot be read in one form has none in the other: it is mended first.
          disabled={reading.metadata === undefined}
          onChange={(chosen) => {
            if (reading.metadata !== undefined) edit(reading.metadata);
            setTab(chosen === 'json' ? 'json' : 'rows');
          }}
        />
        {tab === 'rows' ? (
          <MetadataRows rows={rows} problems={problems} onChange={setRows} />
        ) : (
          <Suspense fallback={<div style={{ height: 320 }} />}>
            <JsonEditor label="Metadata as JSON" value={json} onChange={setJson} />
          </Suspense>
        )}
        {problems.has(-1) && (
          <Alert color="red" icon={<Icon name="warning" />}>
            {problems.get(-1)}
          </Alert>
        )}
        <Group justify="space-between" gap="xs">
          <Text size="sm" c="dimmed" aria-live="polite">
            {reading.metadata === undefined
              ? 'There is something to mend.'
              : differences.length === 0
                ? 'No changes'
                : `${differences.length} changed ${differences.length === 1 ? 'key' : 'keys'}`}
          </Text>
          <Group gap="xs">
            <Button variant="default" onClick={close}>
              Cancel
            </Button>
            <Button disabled={reading.metadata === undefined || differences.length === 0} onClick={() => setReview(reading.metadata)}>
              Review changes
            </Button>
          </Group>
        </Group>
      </Stack>
    </Dialog>
  );
}
