import type { Membership } from '@crosswalk/sdk';
import { Checkbox, MultiSelect, NativeSelect, TextInput } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { FormDialog } from '../elements/form-dialog.tsx';
import { notify } from '../elements/notify.ts';
import { useEnvironment } from '../session/environment.ts';
import type { DirectoryRecord } from './kind.ts';

interface MembershipFormProps {
  record: DirectoryRecord;
  /** whether `record` is the organization, and a user is wanted; else the other way round */
  ofOrganization: boolean;
  /** the membership to change; without it one is made */
  membership?: Membership;
  onClose: () => void;
  onChanged: () => Promise<void>;
}

/** Makes a membership, or changes its roles and status. Who is invited to an organization may be no user yet: they are made one with it. */
export function MembershipForm({ record, ofOrganization, membership, onClose, onChanged }: MembershipFormProps) {
  const { id: environmentId, crosswalk } = useEnvironment();
  const [other, setOther] = useState('');
  const [roles, setRoles] = useState(membership?.roles.map(({ name }) => name) ?? []);
  const [rolesChosen, setRolesChosen] = useState(false);
  const [status, setStatus] = useState<string>(membership?.membership_status ?? 'ACTIVE');
  const [invite, setInvite] = useState(false);
  const organizationId = membership?.organization_id ?? (ofOrganization ? record.id : undefined);
  const known = useQuery({
    queryKey: [environmentId, 'roles', organizationId],
    queryFn: ({ signal }) => crosswalk.role.list({ signal, ...(organizationId === undefined ? {} : { organizationId }) }),
  });
  const save = async () => {
    const names = roles.map((name) => ({ name }));
    if (membership === undefined) {
      const added = { ...(rolesChosen ? { roles: names } : {}), send_invitation_email: invite };
      const otherId = await find();
      const [organization, user] = ofOrganization ? [record.id, otherId] : [otherId, record.id];
      if (organization !== undefined && user !== undefined) await crosswalk.membership.create(organization, user, added);
      else if (ofOrganization && invite && named.includes('@'))
        await crosswalk.user.createUserAndMembership(record.id, { email: named, membership: added });
      else
        throw new Error(
          ofOrganization ? 'No user has this email address or ID. Who is new can be invited by email.' : 'No organization has this ID.',
        );
      notify(invite ? 'Invited.' : 'Membership added.');
    } else {
      await crosswalk.membership.update(
        membership.organization_id,
        membership.user_id,
        {
          roles: names,
          ...((status === 'ACTIVE' || status === 'INACTIVE') && status !== membership.membership_status
            ? { membership_status: status }
            : {}),
        },
        { ifMatch: membership.version },
      );
      notify('Membership changed.');
    }
    await onChanged();
  };
  const named = other.trim();
  const find = async (): Promise<string | undefined> => {
    const kind = ofOrganization ? 'user' : 'organization';
    const [result] = await crosswalk.resolve([{ value: named, kind }]);
    const ids = [...new Set(result?.matches.map(({ id }) => id))];
    const [id] = ids;
    if (ids.length > 1) throw new Error(`Several ${kind}s have this ID in different systems: give the Crosswalk ID.`);
    return id;
  };
  return (
    <FormDialog
      opened
      onClose={onClose}
      title={membership !== undefined ? 'Change membership' : ofOrganization ? 'Add member' : 'Add to organization'}
      action={membership !== undefined ? 'Save membership' : ofOrganization ? 'Add member' : 'Add to organization'}
      onSubmit={save}
    >
      {membership === undefined && (
        <TextInput
          label={ofOrganization ? 'User' : 'Organization'}
          description={
            ofOrganization ? 'Their email address, or any of their IDs. Who is no user yet can be invited by address.' : 'Any of its IDs.'
          }
          required
          withAsterisk={false}
          data-autofocus
          value={other}
          onChange={(event) => setOther(event.currentTarget.value)}
        />
      )}
      <MultiSelect
        label="Roles"
        {...(membership === undefined ? { description: 'Left as it is, the default role of the organization.' } : {})}
        placeholder={roles.length === 0 ? 'Choose roles' : ''}
        data={(known.data ?? []).map(({ name, display_name: label }) => ({ value: name, label }))}
        value={roles}
        onChange={(chosen) => {
          setRoles(chosen);
          setRolesChosen(true);
        }}
        nothingFoundMessage="There are no roles yet."
      />
      {membership !== undefined && (
        <NativeSelect
          label="Status"
          data={[
            ...(membership.membership_status === 'ACTIVE' || membership.membership_status === 'INACTIVE'
              ? []
              : [{ value: membership.membership_status, label: 'As it is: not accepted yet' }]),
            { value: 'ACTIVE', label: 'Active' },
            { value: 'INACTIVE', label: 'Inactive' },
          ]}
          value={status}
          onChange={(event) => setStatus(event.currentTarget.value)}
        />
      )}
      {membership === undefined && (
        <Checkbox
          label="Invite by email: the membership waits until the person accepts"
          checked={invite}
          onChange={(event) => setInvite(event.currentTarget.checked)}
        />
      )}
    </FormDialog>
  );
}
