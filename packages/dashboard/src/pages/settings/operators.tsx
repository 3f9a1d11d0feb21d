import type { Operator } from '@crosswalk/sdk';
import { Badge, Text } from '@mantine/core';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { exampleOfReading } from '../../elements/client-code.ts';
import { Confirm } from '../../elements/confirm.tsx';
import { notify } from '../../elements/notify.ts';
import { Plain } from '../../elements/plain.tsx';
import { RelativeTime } from '../../elements/relative-time.tsx';
import { RowActions } from '../../elements/row-actions.tsx';
import { SimpleTable } from '../../elements/simple-table.tsx';
import { useEnvironment } from '../../session/environment.ts';
import { sessionKey, useSession } from '../../session/session.ts';
import { OperatorForm } from './operator-form.tsx';
import { Section } from './section.tsx';

/** Who works with the dashboard in this environment, and what they may do. */
export default function OperatorSettings() {
  const { id: environmentId, crosswalk } = useEnvironment();
  const { operator: self } = useSession();
  const queries = useQueryClient();
  const [editing, setEditing] = useState<Operator | 'new'>();
  const [removing, setRemoving] = useState<Operator>();
  const key = [environmentId, 'operators'];
  const operators = useQuery({ queryKey: key, queryFn: ({ signal }) => crosswalk.operator.list({ signal }) });
  const changed = async () => {
    await Promise.all([key, [environmentId, 'actors'], sessionKey].map((queryKey) => queries.invalidateQueries({ queryKey })));
  };
  const remove = async ({ id, version }: Operator) => {
    await crosswalk.operator.update(id, { role: null }, { ifMatch: version });
    notify('The operator has no role here any more.');
    await changed();
  };
  return (
    <>
      <Section
        about="A viewer reads, an editor changes records, an admin also changes these settings. Everything they do is an event with their name."
        action={{ label: 'New operator', run: () => setEditing('new') }}
        example={exampleOfReading('/api/v1/operators', 'crosswalk.operator.list()')}
        query={operators}
      >
        {(list) => (
          <SimpleTable
            label="Operators"
            minWidth={640}
            rows={list}
            keyOf={({ id }) => id}
            columns={[
              {
                title: 'Operator',
                render: ({ id, name, email }) => (
                  <>
                    <Plain text={name ?? email} mark /> {id === self.id && <Badge size="xs">you</Badge>}
                    {name !== null && (
                      <Text size="xs" c="dimmed">
                        <Plain text={email} mark />
                      </Text>
                    )}
                  </>
                ),
              },
              { title: 'Role here', render: ({ roles }) => roles[environmentId] ?? '–' },
              {
                title: 'Last sign-in',
                render: ({ last_sign_in_time: time }) => (time === null ? 'never' : <RelativeTime time={time} />),
              },
              { title: 'Added', render: ({ create_time: time }) => <RelativeTime time={time} /> },
              {
                title: 'Actions',
                hidden: true,
                width: 80,
                render: (operator) => (
                  <RowActions
                    actions={[
                      { icon: 'pencil', label: `Edit the operator ${operator.email}`, run: () => setEditing(operator) },
                      { icon: 'trash', label: `Remove the operator ${operator.email}`, run: () => setRemoving(operator) },
                    ]}
                  />
                ),
              },
            ]}
          />
        )}
      </Section>
      {editing !== undefined && (
        <OperatorForm {...(editing === 'new' ? {} : { operator: editing })} onClose={() => setEditing(undefined)} onChanged={changed} />
      )}
      {removing !== undefined && (
        <Confirm
          opened
          onClose={() => setRemoving(undefined)}
          title="Remove this operator?"
          action="Remove operator"
          onConfirm={() => remove(removing)}
        >
          <Plain text={removing.name ?? removing.email} /> loses the role in this environment. Roles in others stay.
        </Confirm>
      )}
    </>
  );
}
