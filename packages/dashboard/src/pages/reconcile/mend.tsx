import type { ReconcileAnswer, ReconcileRequest, TransferRow } from '@crosswalk/sdk';
import { Button, Group, Stack, Text } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { useOpen } from '../../data/location.ts';
import { CodeBlock } from '../../elements/code-block.tsx';
import { Failure } from '../../elements/failure.tsx';
import { counted, download } from '../../elements/figure.ts';
import { Panel } from '../../elements/panel.tsx';
import { handOver } from '../../imports/hand-over.ts';
import { useEnvironment } from '../../session/environment.ts';

/** How long the rows may take to come. Milliseconds. */
const timeout = 300_000;
/** Rows that are shown. */
const shown = 20;

/** The rows that mend what is certain: seen, then imported by the same pages as any file. */
export function Mend({ request, answer: { counts }, name }: { request: ReconcileRequest; answer: ReconcileAnswer; name: string }) {
  const { crosswalk, mayEdit } = useEnvironment();
  const open = useOpen();
  const { link, set, add, left_out: leftOut } = counts.mend;
  const rows = useMutation({
    mutationFn: async () => {
      const lines: string[] = [];
      for await (const row of crosswalk.reconcileRows(request, { timeout })) lines.push(lineOf(row));
      return lines;
    },
  });
  if (link + set + add === 0)
    return (
      <Panel title="Mending">
        <Text size="sm">
          {leftOut === 0
            ? 'There is nothing to mend: both sides agree.'
            : `Nothing is certain enough to be mended; ${counted(leftOut, 'entries')} need a decision of yours.`}
        </Text>
      </Panel>
    );
  const lines = rows.data;
  const file = () =>
    new Blob(
      (lines ?? []).map((line) => `${line}\n`),
      { type: 'application/x-ndjson' },
    );
  const fileName = `mend ${name.replace(/\.[^.]*$/, '')}.ndjson`;
  return (
    <Panel title="Mending">
      <Stack gap="sm">
        <Text size="sm">
          {counted(link, 'records')} would get their ID, {counted(set, 'records')} would be set to what the list says,{' '}
          {counted(add, 'records')} would be made.{' '}
          {leftOut > 0 && `${counted(leftOut, 'entries')} need a decision of yours and are left out.`}
        </Text>
        {rows.error !== null && <Failure title="The rows could not be made" error={rows.error} />}
        {lines === undefined ? (
          <Group>
            <Button variant="default" loading={rows.isPending} onClick={() => rows.mutate()}>
              Show the rows
            </Button>
          </Group>
        ) : (
          <>
            <CodeBlock code={lines.slice(0, shown).join('\n')} label="Rows of the import" />
            {lines.length > shown && (
              <Text size="sm" c="dimmed">
                and {counted(lines.length - shown, 'more rows')}
              </Text>
            )}
            <Group gap="xs">
              {mayEdit && (
                <Button
                  onClick={() => {
                    handOver({ name: fileName, file: file() });
                    open('/imports/new');
                  }}
                >
                  Check and import {counted(lines.length, 'rows')}
                </Button>
              )}
              <Button variant="default" onClick={() => download(file(), fileName)}>
                Download them
              </Button>
            </Group>
          </>
        )}
      </Stack>
    </Panel>
  );
}

function lineOf(row: TransferRow): string {
  return JSON.stringify(row);
}
