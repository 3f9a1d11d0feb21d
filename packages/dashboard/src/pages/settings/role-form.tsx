import { NotFoundError, type Role } from '@crosswalk/sdk';
import { Checkbox, NativeSelect, TagsInput, Textarea, TextInput } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { FormDialog } from '../../elements/form-dialog.tsx';
import { notify } from '../../elements/notify.ts';
import { useEnvironment } from '../../session/environment.ts';

/** Permissions that are suggested: the first page of them. */
const suggested = 100;

interface RoleFormProps {
  /** the role to change; without it one is made */
  role?: Role;
  /** all there are, to extend one */
  roles: Role[];
  onClose: () => void;
  onChanged: () => Promise<void>;
}

/** Makes a role or changes one, with its permissions; permissions that are new are made. */
export function RoleForm({ role, roles, onClose, onChanged }: RoleFormProps) {
  const { id: environmentId, crosswalk } = useEnvironment();
  const before = role?.permissions?.map((permission) => permission.name) ?? [];
  const [name, setName] = useState('');
  const [label, setLabel] = useState(role?.display_name ?? '');
  const [description, setDescription] = useState(role?.description ?? '');
  const [base, setBase] = useState(role?.extends ?? '');
  const [permissions, setPermissions] = useState(before);
  const [forMembers, setForMembers] = useState(role?.default_member ?? false);
  const [forCreators, setForCreators] = useState(role?.default_creator ?? false);
  const known = useQuery({
    queryKey: [environmentId, 'permissions'],
    queryFn: async ({ signal }) =>
      (await crosswalk.permission.list({ pageSize: suggested }, { signal })).permissions.map((found) => found.name),
  });
  const save = async () => {
    for (const permission of permissions) {
      if (!before.includes(permission) && known.data?.includes(permission) !== true) await makePermission(permission);
    }
    const fields = { display_name: label.trim(), description, extends: base === '' ? null : base, permissions };
    const saved =
      role === undefined
        ? await crosswalk.role.create({ name, ...fields })
        : await crosswalk.role.update(role.name, fields, { ifMatch: role.version });
    if (forMembers !== saved.default_member || forCreators !== saved.default_creator) {
      await crosswalk.role.setDefaults({
        ...(forMembers ? { default_member_role: saved.name } : {}),
        ...(forCreators ? { default_creator_role: saved.name } : {}),
      });
    }
    await onChanged();
    notify('Role saved.');
  };
  /** Makes a permission unless it is there: beyond the suggestions there may be more. */
  const makePermission = async (permission: string) => {
    const found = await crosswalk.permission.get(permission).catch((error: unknown) => {
      if (error instanceof NotFoundError) return undefined;
      throw error;
    });
    if (found === undefined) await crosswalk.permission.create({ name: permission });
  };
  return (
    <FormDialog
      opened
      onClose={onClose}
      title={role === undefined ? 'New role' : `Role ${role.name}`}
      action="Save role"
      onSubmit={save}
      size="lg"
    >
      {role === undefined && (
        <TextInput
          label="Name"
          description="How code names it: letters, digits and _. It cannot be changed."
          required
          withAsterisk={false}
          pattern="[a-zA-Z0-9_]+"
          data-autofocus
          value={name}
          onChange={(event) => setName(event.currentTarget.value)}
        />
      )}
      <TextInput
        label="Display name"
        description="How people know it."
        required
        withAsterisk={false}
        value={label}
        onChange={(event) => setLabel(event.currentTarget.value)}
        {...(role === undefined ? {} : { 'data-autofocus': true })}
      />
      <Textarea
        label="Description"
        autosize
        minRows={2}
        value={description}
        onChange={(event) => setDescription(event.currentTarget.value)}
      />
      <NativeSelect
        label="Extends"
        description="It has all permissions of this role too."
        data={[
          { value: '', label: 'no other role' },
          ...roles.filter((other) => other.name !== role?.name).map((other) => ({ value: other.name, label: other.display_name })),
        ]}
        value={base}
        onChange={(event) => setBase(event.currentTarget.value)}
      />
      <TagsInput
        label="Permissions"
        description="What it allows itself, such as invoices:read. Enter adds one; a name that is new is made."
        data={known.data ?? []}
        value={permissions}
        onChange={setPermissions}
        maxTags={100}
        acceptValueOnBlur
      />
      <Checkbox
        label="New members who are given no role get this one"
        checked={forMembers}
        disabled={role?.default_member === true}
        onChange={(event) => setForMembers(event.currentTarget.checked)}
      />
      <Checkbox
        label="Meant for whoever creates an organization"
        checked={forCreators}
        disabled={role?.default_creator === true}
        onChange={(event) => setForCreators(event.currentTarget.checked)}
      />
    </FormDialog>
  );
}
