import { Alert, Button, Group, Progress, Skeleton, Stack, Text } from '@mantine/core';
import { useQueryClient } from '@tanstack/react-query';
import { useRef, useState } from 'react';
import { useOpen } from '../../data/location.ts';
import { noticeSignedOut } from '../../data/queries.ts';
import { Failure } from '../../elements/failure.tsx';
import { bytes, counted, figure } from '../../elements/figure.ts';
import { Icon } from '../../elements/icon.tsx';
import { Panel } from '../../elements/panel.tsx';
import { useUnsaved } from '../../elements/unsaved.ts';
import { forgetHanded } from '../../imports/hand-over.ts';
import { ImportResult } from '../../imports/import-result.tsx';
import { leftOutOf } from '../../imports/left-out.ts';
import { firstDraft, outcomeOf } from '../../imports/mapping-draft.ts';
import { MappingForm } from '../../imports/mapping-form.tsx';
import { type Prepared, rowsAtOnce } from '../../imports/prepare.ts';
import { SettingsForm, usualChoices } from '../../imports/settings-form.tsx';
import type { SourceFile } from '../../imports/source-file.ts';
import { useImport } from '../../imports/use-import.ts';
import { type Sending, useSender } from '../../imports/use-sender.ts';
import { useSystems } from '../../records/use-systems.ts';
import { useEnvironment } from '../../session/environment.ts';

/** A check that was asked for, and of what. */
interface Check {
  id: string;
  prepared: Prepared;
  /** the mapping and the choices that it was of */
  of: string;
}

/** What follows the choice of a file: columns, choices, check, import. */
export function Wizard({ source }: { source: SourceFile }) {
  const { id: environmentId } = useEnvironment();
  const queries = useQueryClient();
  const open = useOpen();
  const systems = useSystems();
  const [draft, setDraft] = useState(() => firstDraft(source, systems.names));
  const [choices, setChoices] = useState(usualChoices);
  const [check, setCheck] = useState<Check>();
  const [error, setError] = useState<Error>();
  const { options, problem } = outcomeOf(source, draft, choices.match_by);
  const sender = useSender(source, options, choices);
  const now = JSON.stringify([draft, choices]);
  const [atFirst] = useState(now);
  const isImported = useRef(false);
  useUnsaved(() => !isImported.current && (now !== atFirst || sender.sending !== undefined), 'Leave? The file has not been imported yet.');

  const act = async (isDryRun: boolean) => {
    setError(undefined);
    try {
      const { job, prepared } = await sender.send(isDryRun);
      await queries.invalidateQueries({ queryKey: [environmentId, 'imports', 'list'] });
      if (isDryRun) return setCheck({ id: job.id, prepared, of: now });
      forgetHanded();
      isImported.current = true;
      await open(`/imports/${job.id}`);
    } catch (reason) {
      if (reason instanceof DOMException && reason.name === 'AbortError') return;
      noticeSignedOut(queries, reason);
      setError(reason instanceof Error ? reason : new Error(String(reason)));
    }
  };
  return (
    <Stack gap="md" mt="md">
      {source.format === 'csv' && (
        <Panel title="Columns">
          <MappingForm source={source} draft={draft} onChange={setDraft} problem={problem} />
        </Panel>
      )}
      <Panel title="Choices">
        <SettingsForm choices={choices} onChange={setChoices} isCsv={source.format === 'csv'} systems={systems} />
      </Panel>
      {sender.sending !== undefined ? (
        <SendingPanel sending={sender.sending} onStop={sender.stop} />
      ) : (
        <Group gap="xs">
          <Button onClick={() => void act(true)} disabled={problem !== undefined} variant={check?.of === now ? 'default' : 'filled'}>
            {check === undefined ? 'Check the file' : 'Check again'}
          </Button>
          <Text size="sm" c="dimmed" flex="1 1 260px">
            {check !== undefined && check.of !== now ? 'You changed something since the check.' : 'A check writes nothing.'}
          </Text>
        </Group>
      )}
      {error !== undefined && <Failure title="The file was not sent" error={error} />}
      {check !== undefined && (
        <CheckResult check={check} isCurrent={check.of === now && sender.sending === undefined} onImport={() => void act(false)} />
      )}
    </Stack>
  );
}

function SendingPanel({ sending, onStop }: { sending: Sending; onStop: () => void }) {
  const isReading = sending.step === 'reading';
  const text = isReading ? `Reading: ${bytes(sending.read)} of ${bytes(sending.size)}` : `Sending ${bytes(sending.size)}`;
  return (
    <Panel
      title="On its way"
      actions={
        <Button size="compact-sm" variant="default" onClick={onStop}>
          Stop
        </Button>
      }
    >
      <Progress
        value={isReading ? (sending.read / Math.max(sending.size, 1)) * 100 : 100}
        animated={!isReading}
        size="md"
        aria-label={text}
      />
      <Text size="sm" mt={6} aria-live="polite">
        {text}
      </Text>
    </Panel>
  );
}

function CheckResult({ check: { id, prepared }, isCurrent, onImport }: { check: Check; isCurrent: boolean; onImport: () => void }) {
  const { data: found, error, refetch } = useImport(id);
  if (found === undefined)
    return error === null ? (
      <Skeleton h={120} />
    ) : (
      <Failure title="The check could not be read" error={error} onRetry={() => void refetch()} />
    );
  const { conversion, beginning } = prepared;
  const rows = prepared.rows ?? found.rows_total;
  const leftOut = leftOutOf(conversion);
  const good = found.rows_total - found.rows_rejected;
  return (
    <Stack gap="md">
      {beginning !== undefined && (
        <Alert color="blue" icon={<Icon name="warning" />}>
          The file has {figure(rows)} rows; a check looks at the first {figure(rowsAtOnce)}.
        </Alert>
      )}
      <ImportResult found={found} rowsPerRecord={conversion?.mapping?.rowsPerRecord ?? 1} leftOut={leftOut} />
      {found.finish_time !== null && (
        <Group gap="xs">
          <Button onClick={onImport} disabled={!isCurrent || (good === 0 && beginning === undefined && found.state === 'DONE')}>
            {beginning === undefined && found.state === 'DONE' ? `Import ${counted(good, 'rows')}` : `Import ${counted(rows, 'rows')}`}
          </Button>
          {found.rows_rejected + leftOut.count > 0 && (
            <Text size="sm" c="dimmed">
              Rejected rows stay out; the import lists them too.
            </Text>
          )}
        </Group>
      )}
    </Stack>
  );
}
