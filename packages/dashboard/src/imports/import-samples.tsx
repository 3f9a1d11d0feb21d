import { type Import, lineOfFile } from '@crosswalk/sdk';
import { Group, Stack, Text } from '@mantine/core';
import { PageLink } from '../elements/page-link.tsx';
import { Panel } from '../elements/panel.tsx';
import { differencesOf } from '../records/changed.ts';
import { Differences } from '../records/differences.tsx';

/** The first differences that a dry run found. */
export function ImportSamples({ found: { samples }, rowsPerRecord }: { found: Import; rowsPerRecord: number }) {
  if (samples.length === 0) return null;
  return (
    <Panel title="What would change, for example">
      <Stack gap="md">
        {samples.map(({ line, kind, id, changed }) => (
          <div key={`${line} ${kind}`}>
            <Group gap="sm" mb={2}>
              <Text size="sm" fw={600}>
                {id === null ? `New ${kind}` : `Changed ${kind}`}
              </Text>
              {id !== null && (kind === 'organization' || kind === 'user') && <PageLink to={`/${kind}s/${id}`}>{id}</PageLink>}
              <Text size="xs" c="dimmed">
                line {lineOfFile(line, rowsPerRecord)}
              </Text>
            </Group>
            <Differences differences={differencesOf(changed)} />
          </div>
        ))}
      </Stack>
    </Panel>
  );
}
