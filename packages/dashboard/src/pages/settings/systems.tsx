import { knownSystems, type ListedSystem } from '@crosswalk/sdk';
import { Badge, Button, Group, Text } from '@mantine/core';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { exampleOfReading } from '../../elements/client-code.ts';
import { Confirm } from '../../elements/confirm.tsx';
import { Empty } from '../../elements/empty.tsx';
import { notify } from '../../elements/notify.ts';
import { Plain } from '../../elements/plain.tsx';
import { RowActions } from '../../elements/row-actions.tsx';
import { SimpleTable } from '../../elements/simple-table.tsx';
import { useEnvironment } from '../../session/environment.ts';
import { Section } from './section.tsx';
import { SystemForm } from './system-form.tsx';

/** The systems that external IDs come from: what they are called, where they show a record, what their IDs look like. */
export default function SystemSettings() {
  const { id: environmentId, crosswalk } = useEnvironment();
  const queries = useQueryClient();
  // What is edited: a system that is described or in use, the name of a suggestion, or a new one.
  const [editing, setEditing] = useState<{ system: ListedSystem } | { name: string }>();
  const [deleting, setDeleting] = useState<ListedSystem>();
  const key = [environmentId, 'systems'];
  const systems = useQuery({ queryKey: key, queryFn: ({ signal }) => crosswalk.system.list({ signal }) });
  const remove = async ({ name, version }: ListedSystem) => {
    await crosswalk.system.delete(name, version === null ? {} : { ifMatch: version });
    await queries.invalidateQueries({ queryKey: key });
    notify('The description is gone; IDs stay.');
  };
  const suggested = Object.keys(knownSystems).filter((name) => systems.data?.every((system) => system.name !== name) === true);
  return (
    <>
      <Section
        about="Where external IDs come from. A link pattern lets every ID be opened in its system; an ID pattern marks those that look mistyped. Neither ever refuses an ID."
        action={{ label: 'New system', run: () => setEditing({ name: '' }) }}
        example={exampleOfReading('/api/v1/systems', 'crosswalk.system.list()')}
        query={systems}
      >
        {(list) =>
          list.length === 0 ? (
            <Empty
              icon="link"
              title="No systems yet"
              text="A system is there as soon as a record has an ID of it: external_ids: { stripe: 'cus_…' }. Describe it to make links of its IDs."
            />
          ) : (
            <SimpleTable
              label="Systems"
              minWidth={760}
              rows={list}
              keyOf={({ name }) => name}
              columns={[
                {
                  title: 'System',
                  render: ({ name, label }) => (
                    <>
                      <Plain text={label ?? name} />{' '}
                      {label !== null && (
                        <Text span size="xs" c="dimmed">
                          <Plain text={name} />
                        </Text>
                      )}
                    </>
                  ),
                },
                { title: 'Link pattern', render: ({ url_pattern: pattern }) => <Pattern text={pattern} /> },
                { title: 'ID pattern', render: ({ id_pattern: pattern }) => <Pattern text={pattern} /> },
                {
                  title: 'Use',
                  render: ({ in_use: used }) =>
                    used ? (
                      <Badge color="teal" c="var(--mantine-color-text)">
                        in use
                      </Badge>
                    ) : (
                      'no IDs yet'
                    ),
                },
                {
                  title: 'Actions',
                  hidden: true,
                  width: 80,
                  render: (system) => (
                    <RowActions
                      actions={[
                        { icon: 'pencil', label: `Edit the system ${system.name}`, run: () => setEditing({ system }) },
                        ...(system.id === null
                          ? []
                          : [{ icon: 'trash' as const, label: `Delete the system ${system.name}`, run: () => setDeleting(system) }]),
                      ]}
                    />
                  ),
                },
              ]}
            />
          )
        }
      </Section>
      {suggested.length > 0 && (
        <Group gap={6} mt="md">
          <Text size="sm" c="dimmed">
            Known systems:
          </Text>
          {suggested.map((name) => (
            <Button key={name} size="compact-sm" variant="default" onClick={() => setEditing({ name })}>
              {knownSystems[name]?.label ?? name}
            </Button>
          ))}
        </Group>
      )}
      {editing !== undefined && <SystemForm {...editing} onClose={() => setEditing(undefined)} />}
      {deleting !== undefined && (
        <Confirm
          opened
          onClose={() => setDeleting(undefined)}
          title="Delete the description of this system?"
          action="Delete description"
          onConfirm={() => remove(deleting)}
        >
          The label and the patterns of <Plain text={deleting.name} /> are gone. The IDs that records have of it stay.
        </Confirm>
      )}
    </>
  );
}

function Pattern({ text }: { text: string | null }) {
  if (text === null) return '–';
  return (
    <code style={{ overflowWrap: 'anywhere' }}>
      <Plain text={text} />
    </code>
  );
}
