import type { Role } from '@crosswalk/sdk';
import { NativeSelect, Stack } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { Confirm } from '../../elements/confirm.tsx';
import { Failure } from '../../elements/failure.tsx';
import { notify } from '../../elements/notify.ts';
import { Plain } from '../../elements/plain.tsx';
import { useEnvironment } from '../../session/environment.ts';

interface DeleteRoleProps {
  role: Role;
  /** all there are: one takes its place */
  roles: Role[];
  onClose: () => void;
  onChanged: () => Promise<void>;
}

/** Asks before a role is deleted, and which one its people get instead. */
export function DeleteRole({ role, roles, onClose, onChanged }: DeleteRoleProps) {
  const { id: environmentId, crosswalk } = useEnvironment();
  const [other, setOther] = useState('');
  const users = useQuery({
    queryKey: [environmentId, 'roles', 'users', role.name],
    queryFn: ({ signal }) => crosswalk.role.countUsers(role.name, { signal }),
    staleTime: 0,
  });
  const remove = async () => {
    await crosswalk.role.delete(role.name, { ifMatch: role.version, ...(other === '' ? {} : { reassignRoleName: other }) });
    await onChanged();
    notify('Role deleted.');
  };
  return (
    <Confirm opened onClose={onClose} title="Delete this role?" action="Delete role" onConfirm={remove}>
      <Stack gap="sm">
        <span>
          <Plain text={role.display_name} /> is gone for every organization.{' '}
          {users.data !== undefined &&
            (users.data === 0 ? 'Nobody has it.' : `${users.data} ${users.data === 1 ? 'member has' : 'members have'} it.`)}
        </span>
        {users.error !== null && <Failure title="Who has it is not known" error={users.error} onRetry={() => void users.refetch()} />}
        {users.data !== undefined && users.data > 0 && (
          <NativeSelect
            label="They get instead"
            required
            withAsterisk={false}
            data={[
              { value: '', label: 'Choose a role', disabled: true },
              ...roles.filter(({ name }) => name !== role.name).map(({ name, display_name: label }) => ({ value: name, label })),
            ]}
            value={other}
            onChange={(event) => setOther(event.currentTarget.value)}
          />
        )}
      </Stack>
    </Confirm>
  );
}
