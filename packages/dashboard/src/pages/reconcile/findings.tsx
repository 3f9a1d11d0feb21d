import type { ReconcileAnswer } from '@crosswalk/sdk';
import { Badge, Button, Tabs, Text } from '@mantine/core';
import { type ReactNode, useState } from 'react';
import { figure } from '../../elements/figure.ts';
import { PageLink } from '../../elements/page-link.tsx';
import { Plain } from '../../elements/plain.tsx';
import classes from '../../imports/imports.module.css';
import { jsonOf } from '../../records/changed.ts';
import { Differences } from '../../records/differences.tsx';

/** One thing that a comparison finds: each entry with its ID there, what it is here, and what about it. */
interface Finding {
  value: string;
  title: string;
  meaning: string;
  count: number;
  entries: { id: string; record?: string | null; what: ReactNode }[];
}

/** Entries that are drawn at a time. */
const some = 100;

/** The findings of a comparison, one tab each. */
export function Findings({ answer }: { answer: ReconcileAnswer }) {
  const findings = findingsOf(answer);
  const [chosen, setChosen] = useState(() => findings.find(({ count }) => count > 0)?.value ?? 'missing_here');
  return (
    <Tabs value={chosen} onChange={(value) => setChosen(value ?? chosen)} keepMounted={false}>
      <Tabs.List>
        {findings.map(({ value, title, count }) => (
          <Tabs.Tab
            key={value}
            value={value}
            rightSection={
              <Badge size="sm" color={count > 0 ? 'blue' : 'gray'}>
                {figure(count)}
              </Badge>
            }
          >
            {title}
          </Tabs.Tab>
        ))}
      </Tabs.List>
      {findings.map((finding) => (
        <Tabs.Panel key={finding.value} value={finding.value} pt="sm">
          <Entries finding={finding} kind={answer.kind} />
        </Tabs.Panel>
      ))}
    </Tabs>
  );
}

function Entries({ finding: { meaning, count, entries }, kind }: { finding: Finding; kind: ReconcileAnswer['kind'] }) {
  const [shown, setShown] = useState(some);
  return (
    <>
      <Text size="sm" c="dimmed" mb="xs">
        {meaning}
        {count > entries.length && entries.length > 0 ? ` These are the first ${figure(entries.length)}.` : ''}
      </Text>
      {count === 0 && <Text size="sm">None.</Text>}
      <div className={classes.lines}>
        {entries.slice(0, shown).map(({ id, record, what }, index) => (
          <div key={index} className={classes.line} style={{ gridTemplateColumns: 'minmax(90px, 1fr) minmax(90px, 1fr) minmax(0, 2fr)' }}>
            <span style={{ color: 'var(--mantine-color-text)' }}>
              <Plain text={id} mark />
            </span>
            <span>{record == null ? '–' : <PageLink to={`/${kind}s/${record}`}>{record}</PageLink>}</span>
            <div>{what}</div>
          </div>
        ))}
      </div>
      {entries.length > shown && (
        <Button variant="default" mt="sm" onClick={() => setShown(shown + some)}>
          Show more
        </Button>
      )}
    </>
  );
}

const by = { email: 'the same email', domain: 'a domain of its own', name: 'the same name' } as const;

function findingsOf(answer: ReconcileAnswer): Finding[] {
  const { counts, kind } = answer;
  return [
    {
      value: 'missing_here',
      title: 'Missing here',
      meaning: `Entries whose ID no ${kind} has here.`,
      count: counts.missing_here,
      entries: answer.missing_here.map(({ id }) => ({ id, what: '' })),
    },
    {
      value: 'missing_there',
      title: 'Missing there',
      meaning: `Records here with an ID of that system which the list does not have.`,
      count: counts.missing_there,
      entries: answer.missing_there.map(({ id, record_id: record, display_name: name }) => ({ id, record, what: <Plain text={name} /> })),
    },
    {
      value: 'different',
      title: 'Different',
      meaning: 'Linked entries whose fields differ: what is here, and what the list says.',
      count: counts.different,
      entries: answer.different.map(({ id, record_id: record, differences }) => ({
        id,
        record,
        what: (
          <Differences
            differences={Object.entries(differences).map(([key, { here, there }]) => ({ key, before: jsonOf(here), after: jsonOf(there) }))}
          />
        ),
      })),
    },
    {
      value: 'suggestions',
      title: 'May be',
      meaning: 'Entries that are missing here and may mean a record that is there.',
      count: counts.suggested,
      entries: answer.suggestions.map(({ id, candidates }) => ({
        id,
        what: candidates.map(({ record_id: record, display_name: name, by: reason, linked_as: linked }) => (
          <div key={record}>
            <PageLink to={`/${kind}s/${record}`}>
              <Plain text={name} mark />
            </PageLink>
            : {by[reason]}
            {linked !== null && (
              <>
                , linked as <Plain text={linked} />
              </>
            )}
          </div>
        )),
      })),
    },
    {
      value: 'stale',
      title: 'Outdated',
      meaning: 'Entries whose ID was replaced here: the record has another ID of that system now.',
      count: counts.stale,
      entries: answer.stale.map(({ id, record_id: record, current_id: current }) => ({
        id,
        record,
        what:
          current === null ? (
            'It has none of that system now.'
          ) : (
            <>
              now <Plain text={current} mark />
            </>
          ),
      })),
    },
    {
      value: 'linked_twice',
      title: 'Linked twice',
      meaning: 'Records that several entries lead to, and IDs that are in the list more than once.',
      count: counts.linked_twice,
      entries: answer.linked_twice.map(({ record_id: record, entries }) => ({
        id: entries[0]?.id ?? '',
        record,
        what: <Plain text={entries.map(({ id, index }) => `${id} (entry ${index + 1})`).join(', ')} />,
      })),
    },
    {
      value: 'invalid',
      title: 'Invalid',
      meaning: 'Entries that cannot be compared.',
      count: counts.invalid,
      entries: answer.invalid.map(({ id, reason }) => ({ id, what: <Plain text={reason} /> })),
    },
  ];
}
