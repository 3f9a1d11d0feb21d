import type { RekeyAnswer } from '@crosswalk/sdk';
import { Stack, Text } from '@mantine/core';
import { counted } from '../../elements/figure.ts';
import { PageLink } from '../../elements/page-link.tsx';
import { Panel } from '../../elements/panel.tsx';
import { Plain } from '../../elements/plain.tsx';
import { SimpleTable } from '../../elements/simple-table.tsx';
import { LineReasons } from '../../imports/line-reasons.tsx';
import type { Pair, PairsDraft, Refused } from './pairs.ts';

/** A pair, and the record that the old ID leads to now. */
export interface PairOfRecord extends Pair {
  record: { id: string; name: string; hasNew: boolean } | undefined;
}

/** What a check found: why nothing can be changed, or what would. */
export type Found = { refused: Refused } | { answer: RekeyAnswer; first: PairOfRecord[] };

/** Tells what a check found. */
export function CheckResult({ found, kind }: { found: Found; kind: PairsDraft['kind'] }) {
  if ('refused' in found) return <RefusedPairs refused={found.refused} />;
  const { answer, first } = found;
  return (
    <Panel title="What the re-key would do">
      <Stack gap="sm">
        <Text size="sm" aria-live="polite">
          {outcome(answer, kind)}
        </Text>
        <SimpleTable
          label="What would change, for example"
          minWidth={520}
          rows={first}
          keyOf={({ line }) => String(line)}
          columns={[
            { title: 'Line', width: 80, render: ({ line }) => line },
            {
              title: kind === 'organization' ? 'Organization' : 'User',
              render: ({ record }) =>
                record === undefined ? (
                  '–'
                ) : (
                  <PageLink to={`/${kind}s/${record.id}`}>
                    <Plain text={record.name} mark />
                  </PageLink>
                ),
            },
            { title: 'Old ID', render: ({ from }) => <Plain text={from} mark /> },
            {
              title: 'New ID',
              render: ({ to, record }) => (
                <>
                  <Plain text={to} mark />
                  {record?.hasNew === true && (
                    <Text span size="xs" c="dimmed" ml={6}>
                      has it already
                    </Text>
                  )}
                </>
              ),
            },
          ]}
        />
      </Stack>
    </Panel>
  );
}

/** What comes of a re-key in a sentence, before it and after. */
export function outcome({ rekeyed, unchanged, dry_run: isDryRun }: RekeyAnswer, kind: PairsDraft['kind']): string {
  if (rekeyed === 0)
    return `Nothing ${isDryRun ? 'would change' : 'has changed'}: ${counted(unchanged, `${kind}s`)} already ${unchanged === 1 ? 'has its' : 'have their'} new ID.`;
  const same = unchanged === 0 ? '' : `, ${counted(unchanged, `${kind}s`)} ${unchanged === 1 ? 'has it' : 'have it'} already`;
  return `${counted(rekeyed, `${kind}s`)} ${isDryRun ? 'would get' : 'got'} another ID${same}.`;
}

function RefusedPairs({ refused: { reasons, hasMore } }: { refused: Refused }) {
  return (
    <Panel title="Refused rows">
      <Stack gap="sm">
        <Text size="sm" aria-live="polite">
          Nothing is changed: all of a re-key is done, or none of it. Mend these lines in the file and choose it again.
        </Text>
        <LineReasons label="Why rows are refused" reasons={reasons} />
        {hasMore && (
          <Text size="sm" c="dimmed">
            There may be more: the next check tells of those.
          </Text>
        )}
      </Stack>
    </Panel>
  );
}
