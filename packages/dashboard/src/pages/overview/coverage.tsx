import type { Overview } from '@crosswalk/sdk';
import { Progress, Text } from '@mantine/core';
import { PageLink } from '../../elements/page-link.tsx';
import { Panel } from '../../elements/panel.tsx';
import { Plain } from '../../elements/plain.tsx';
import { SimpleTable } from '../../elements/simple-table.tsx';
import { useSystems } from '../../records/use-systems.ts';
import { withoutSystem } from './series.ts';

const number = new Intl.NumberFormat('en');

/** How far each system is linked, and the way to the records that have no ID of it. */
export function Coverage({ systems }: { systems: Overview['systems'] }) {
  const { labelOf } = useSystems();
  return (
    <Panel title="External IDs by system">
      {systems.length === 0 ? (
        <Text size="sm" c="dimmed">
          No record has an ID of another system yet. Give records those that billing, CRM or HR know them by, as external_ids.
        </Text>
      ) : (
        <SimpleTable
          label="External IDs by system"
          minWidth={420}
          rows={systems}
          keyOf={({ name }) => name}
          columns={[
            { title: 'System', render: ({ name }) => <Plain text={labelOf(name)} /> },
            {
              title: 'Organizations',
              render: ({ name, organizations_with: known, organizations_without: unknown }) => (
                <Share name={name} known={known} unknown={unknown} to="/organizations" />
              ),
            },
            {
              title: 'Users',
              render: ({ name, users_with: known, users_without: unknown }) => (
                <Share name={name} known={known} unknown={unknown} to="/users" />
              ),
            },
          ]}
        />
      )}
    </Panel>
  );
}

/** How many of all have an ID of the system. What none of a kind has, no link is asked of. */
function Share({ name, known, unknown, to }: { name: string; known: number; unknown: number; to: string }) {
  if (known === 0) return '–';
  const share = (100 * known) / (known + unknown);
  return (
    <div style={{ minWidth: 110 }}>
      <Progress value={share} size="sm" aria-label={`${Math.floor(share)} % have an ID of ${name}`} />
      <Text size="xs" component="div" mt={2}>
        {unknown === 0 ? (
          'all'
        ) : (
          <PageLink to={to} search={{ where: withoutSystem(name) }}>
            {number.format(unknown)} without
          </PageLink>
        )}
      </Text>
    </div>
  );
}
