import type { Crosswalk, RekeyAnswer } from '@crosswalk/sdk';
import { Button, Group, Stack, Text } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { Confirm } from '../../elements/confirm.tsx';
import { Failure } from '../../elements/failure.tsx';
import { counted } from '../../elements/figure.ts';
import { Panel } from '../../elements/panel.tsx';
import { useUnsaved } from '../../elements/unsaved.ts';
import type { SourceFile } from '../../imports/source-file.ts';
import { useSystems } from '../../records/use-systems.ts';
import { useEnvironment } from '../../session/environment.ts';
import { CheckResult, type Found, outcome, type PairOfRecord } from './check-result.tsx';
import { firstPairs, hasSwaps, type Pair, type PairsDraft, pairsProblem, readPairs, refusedOf, requestOf } from './pairs.ts';
import { PairsForm } from './pairs-form.tsx';

/** How long a re-key may take: 100,000 records in one transaction. Milliseconds. */
const timeout = 300_000;
/** Pairs that are shown with their records. */
const shown = 20;

/** A check, and of what it was. */
interface Check {
  found: Found;
  pairs: Pair[];
  draft: PairsDraft;
}

/** What follows the choice of a file: whose IDs, check, change, and the way back. */
export function Rekeying({ source }: { source: SourceFile }) {
  const { id: environmentId, crosswalk } = useEnvironment();
  const queries = useQueryClient();
  const systems = useSystems();
  const first = firstPairs(source, systems.names);
  // Until somebody changes it, it follows what is known of the systems, which may come after the file.
  const [changed, setChanged] = useState<PairsDraft>();
  const draft = changed ?? first;
  const now = JSON.stringify(draft);
  const [check, setCheck] = useState<Check>();
  const [asking, setAsking] = useState<Check>();
  const [done, setDone] = useState<{ answer: RekeyAnswer; pairs: Pair[]; kind: PairsDraft['kind'] }>();
  const look = useMutation({
    mutationFn: async (): Promise<Check> => {
      const { pairs, refused } = await readPairs(source, draft);
      const found = refused.reasons.length > 0 ? { refused } : await tryOut(crosswalk, draft, pairs);
      return { found, pairs, draft };
    },
    onSuccess: (found) => {
      setDone(undefined);
      setCheck(found);
    },
  });
  useUnsaved(() => look.isPending || (done === undefined && now !== JSON.stringify(first)), 'Leave? The IDs have not been replaced yet.');
  const problem = pairsProblem(source, draft);
  const isCurrent = check !== undefined && JSON.stringify(check.draft) === now;
  const change = (next: PairsDraft) => {
    setDone(undefined);
    setChanged(next);
  };
  const rekey = async ({ draft: of, pairs }: Check) => {
    try {
      setDone({ answer: await crosswalk.rekey(requestOf(of, pairs, false), { timeout }), pairs, kind: of.kind });
      setCheck(undefined);
    } catch (error) {
      const refused = refusedOf(error, pairs);
      if (refused === undefined) throw error;
      // Something has changed since the check: the page tells of it by line.
      setCheck({ found: { refused }, pairs, draft: of });
    }
    await queries.invalidateQueries({ queryKey: [environmentId] });
  };
  return (
    <Stack gap="md" mt="md">
      <Panel title="What the file has">
        <PairsForm source={source} draft={draft} onChange={change} problem={problem} />
      </Panel>
      {done === undefined && (
        <Group gap="xs">
          <Button
            onClick={() => look.mutate()}
            loading={look.isPending}
            disabled={problem !== undefined}
            variant={isCurrent && 'answer' in check.found ? 'default' : 'filled'}
          >
            {check === undefined ? 'Check the file' : 'Check again'}
          </Button>
          <Text size="sm" c="dimmed" flex="1 1 260px">
            {check !== undefined && !isCurrent ? 'You changed something since the check.' : 'A check writes nothing.'}
          </Text>
        </Group>
      )}
      {look.error !== null && <Failure title="The file was not checked" error={look.error} />}
      {check !== undefined && !look.isPending && (
        <>
          <CheckResult found={check.found} kind={check.draft.kind} />
          {'answer' in check.found && check.found.answer.rekeyed > 0 && (
            <Group>
              <Button onClick={() => setAsking(check)} disabled={!isCurrent}>
                Re-key {counted(check.found.answer.rekeyed, `${check.draft.kind}s`)}
              </Button>
            </Group>
          )}
        </>
      )}
      {done !== undefined && (
        <Panel title="Done">
          <Stack gap="sm">
            <Text size="sm" aria-live="polite">
              {outcome(done.answer, done.kind)} The old IDs still lead to their records for a while, unless other records claim them.
            </Text>
            <Text size="sm">
              The way back is the same file with its columns exchanged: check it, and re-key once more.
              {done.answer.unchanged > 0 && ' That gives the old ID also to those who had the new one already.'}
              {hasSwaps(done.pairs) && ' Two records that got the ID of one another keep it then: give one of them a third ID first.'}
            </Text>
            <Group>
              <Button variant="default" onClick={() => change({ ...draft, old: draft.new, new: draft.old })}>
                Exchange the columns
              </Button>
            </Group>
          </Stack>
        </Panel>
      )}
      {asking !== undefined && 'answer' in asking.found && (
        <Confirm
          opened
          onClose={() => setAsking(undefined)}
          title={`Re-key ${counted(asking.found.answer.rekeyed, `${asking.draft.kind}s`)}?`}
          action="Replace the IDs"
          onConfirm={() => rekey(asking)}
        >
          All of it is done, or nothing. The old IDs still lead to their records for a while, unless other records claim them. Each record
          gets a new version and an event, by which webhooks tell your other systems.
        </Confirm>
      )}
    </Stack>
  );
}

/** Tries pairs out: what would change, with the records of the first, or which are refused. */
async function tryOut(crosswalk: Crosswalk, draft: PairsDraft, pairs: readonly Pair[]): Promise<Found> {
  try {
    const answer = await crosswalk.rekey(requestOf(draft, pairs, true), { timeout });
    return { answer, first: await withRecords(crosswalk, draft, pairs.slice(0, shown)) };
  } catch (error) {
    const refused = refusedOf(error, pairs);
    if (refused === undefined) throw error;
    return { refused };
  }
}

async function withRecords(crosswalk: Crosswalk, { kind, system: name }: PairsDraft, pairs: readonly Pair[]): Promise<PairOfRecord[]> {
  const system = name.trim();
  const asked = pairs.map(({ from: value }) => ({ value, kind, ...(system === '' ? {} : { system }) }));
  const results = await crosswalk.resolve(asked);
  return pairs.map((pair, index) => {
    const match = results[index]?.matches.find((one) => one.kind === kind && one.system === (system === '' ? null : system));
    if (match === undefined) return { ...pair, record: undefined };
    return { ...pair, record: { id: match.id, name: match.display_name, hasNew: match.external_id === pair.to } };
  });
}
