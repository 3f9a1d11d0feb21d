import type { Role } from '@crosswalk/sdk';
import { Badge, Text } from '@mantine/core';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { exampleOfReading } from '../../elements/client-code.ts';
import { Empty } from '../../elements/empty.tsx';
import { Plain } from '../../elements/plain.tsx';
import { RowActions } from '../../elements/row-actions.tsx';
import { SimpleTable } from '../../elements/simple-table.tsx';
import { useEnvironment } from '../../session/environment.ts';
import { DeleteRole } from './delete-role.tsx';
import { RoleForm } from './role-form.tsx';
import { Section } from './section.tsx';

/** What members of organizations may be, by sets of permissions that the product knows. */
export default function RoleSettings() {
  const { id: environmentId, crosswalk } = useEnvironment();
  const queries = useQueryClient();
  const [editing, setEditing] = useState<Role | 'new'>();
  const [deleting, setDeleting] = useState<Role>();
  const key = [environmentId, 'roles', 'settings'];
  const roles = useQuery({ queryKey: key, queryFn: ({ signal }) => crosswalk.role.list({ include: 'permissions', signal }) });
  const changed = async () => {
    await Promise.all(['roles', 'permissions'].map((name) => queries.invalidateQueries({ queryKey: [environmentId, name] })));
  };
  return (
    <>
      <Section
        about="Roles that members can have in every organization. Your product asks whether somebody has a permission; a role gives several at once, and those of the role that it extends."
        action={{ label: 'New role', run: () => setEditing('new') }}
        example={exampleOfReading('/api/v1/roles?include=permissions', "crosswalk.role.list({ include: 'permissions' })")}
        query={roles}
      >
        {(list) =>
          list.length === 0 ? (
            <Empty icon="user" title="No roles" text="A role has a name for code, a name for people, and permissions." />
          ) : (
            <SimpleTable
              label="Roles"
              minWidth={680}
              rows={list}
              keyOf={({ name }) => name}
              columns={[
                {
                  title: 'Role',
                  render: (role) => (
                    <>
                      <Plain text={role.display_name} mark />{' '}
                      <Text span size="xs" c="dimmed">
                        {role.name}
                      </Text>
                    </>
                  ),
                },
                { title: 'Extends', render: ({ extends: base }) => base ?? '–' },
                { title: 'Permissions', render: ({ permissions = [] }) => <Permissions names={permissions.map(({ name }) => name)} /> },
                { title: 'Default for', render: (role) => <Defaults role={role} /> },
                {
                  title: 'Actions',
                  hidden: true,
                  width: 80,
                  render: (role) => (
                    <RowActions
                      actions={[
                        { icon: 'pencil', label: `Edit the role ${role.name}`, run: () => setEditing(role) },
                        { icon: 'trash', label: `Delete the role ${role.name}`, run: () => setDeleting(role) },
                      ]}
                    />
                  ),
                },
              ]}
            />
          )
        }
      </Section>
      {editing !== undefined && (
        <RoleForm
          {...(editing === 'new' ? {} : { role: editing })}
          roles={roles.data ?? []}
          onClose={() => setEditing(undefined)}
          onChanged={changed}
        />
      )}
      {deleting !== undefined && (
        <DeleteRole role={deleting} roles={roles.data ?? []} onClose={() => setDeleting(undefined)} onChanged={changed} />
      )}
    </>
  );
}

/** Permissions that are shown; the rest as a number, with the names on hover. */
const shownPermissions = 4;

function Permissions({ names }: { names: string[] }) {
  if (names.length === 0) return 'none of its own';
  const rest = names.slice(shownPermissions);
  return (
    <>
      {names.slice(0, shownPermissions).map((name) => (
        <Badge key={name} color="gray" c="var(--mantine-color-text)" mr={4}>
          {name}
        </Badge>
      ))}
      {rest.length > 0 && (
        <Text span size="xs" c="dimmed" title={rest.join(', ')}>
          and {rest.length} more
        </Text>
      )}
    </>
  );
}

function Defaults({ role: { default_member: member, default_creator: creator } }: { role: Role }) {
  const of = [...(member ? ['new members'] : []), ...(creator ? ['creators'] : [])];
  return of.length === 0 ? '–' : of.join(', ');
}
