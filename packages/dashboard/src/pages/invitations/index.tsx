import { Badge, Group, NativeSelect, Text } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { useGrowingList } from '../../data/growing-list.ts';
import { textOf, useAddress } from '../../data/location.ts';
import { CodeBlock } from '../../elements/code-block.tsx';
import { CodeExample } from '../../elements/code-example.tsx';
import { Confirm } from '../../elements/confirm.tsx';
import { Empty } from '../../elements/empty.tsx';
import { Failure } from '../../elements/failure.tsx';
import { counted } from '../../elements/figure.ts';
import { notify } from '../../elements/notify.ts';
import { PageHeader } from '../../elements/page-header.tsx';
import { PageLink } from '../../elements/page-link.tsx';
import { Plain } from '../../elements/plain.tsx';
import { RelativeTime } from '../../elements/relative-time.tsx';
import { RowActions } from '../../elements/row-actions.tsx';
import { GrowingTable, type SimpleColumn } from '../../elements/simple-table.tsx';
import { Total } from '../../elements/total.tsx';
import { OrganizationSelect } from '../../records/organization-select.tsx';
import { useEnvironment } from '../../session/environment.ts';
import { exampleOfInvitations, type InvitationRow, readInvitations, stateOf, states, type Wanted } from './invitation.ts';

/** Who was invited, newest first: by state, to all organizations or to one. Sends again, takes back. */
export default function InvitationsPage() {
  const { id: environmentId, crosswalk, mayEdit } = useEnvironment();
  const queries = useQueryClient();
  const [address, setAddress] = useAddress();
  const organizationId = textOf(address, 'organization');
  const wanted: Wanted = { organizationId, state: stateOf(textOf(address, 'state')) };
  const [revoking, setRevoking] = useState<InvitationRow>();
  const list = useGrowingList([environmentId, 'invitations', wanted], (page, signal) => readInvitations(crosswalk, wanted, page, signal));
  const changed = async () => {
    await Promise.all(
      ['invitations', 'memberships', 'mailbox'].map((name) => queries.invalidateQueries({ queryKey: [environmentId, name] })),
    );
  };
  const resend = useMutation({
    mutationFn: async ({ organization_id: organization, user_id: user }: InvitationRow) => crosswalk.invitation.resend(organization, user),
    onSuccess: async ({ email }) => {
      notify(`The invitation to ${email} is sent again, with a new link.`);
      await changed();
    },
  });
  const revoke = async ({ organization_id: organization, user_id: user }: InvitationRow) => {
    await crosswalk.invitation.revoke(organization, user);
    await changed();
    notify('Invitation revoked.');
  };
  const withActions = [
    ...columns,
    ...(mayEdit
      ? [
          {
            title: 'Actions',
            hidden: true,
            width: 80,
            render: (row: InvitationRow) =>
              (row.state === 'PENDING' || row.state === 'EXPIRED') && (
                <RowActions
                  actions={[
                    {
                      icon: 'invitation',
                      label: `Resend the invitation of ${row.email}`,
                      run: () => {
                        if (!resend.isPending) resend.mutate(row);
                      },
                    },
                    { icon: 'cross', label: `Revoke the invitation of ${row.email}`, run: () => setRevoking(row) },
                  ]}
                />
              ),
          },
        ]
      : []),
  ];
  return (
    <>
      <PageHeader title="Invitations" description={<Total total={list.total} noun="invitations" />}>
        <CodeExample example={exampleOfInvitations(wanted)} />
      </PageHeader>
      <Group gap="xs" mb="sm">
        <NativeSelect
          aria-label="State"
          data={[{ value: '', label: 'Any state' }, ...Object.entries(states).map(([value, { label }]) => ({ value, label }))]}
          value={wanted.state}
          onChange={(event) => setAddress({ state: event.currentTarget.value })}
        />
        <OrganizationSelect value={organizationId} onChange={(id) => setAddress({ organization: id })} />
      </Group>
      {resend.error !== null && <Failure title="Not sent again" error={resend.error} />}
      <GrowingTable
        label="Invitations"
        minWidth={900}
        list={list}
        columns={withActions}
        keyOf={keyOf}
        empty={<NoInvitations wanted={wanted} />}
      />
      {revoking !== undefined && (
        <Confirm
          opened
          onClose={() => setRevoking(undefined)}
          title="Revoke this invitation?"
          action="Revoke invitation"
          onConfirm={() => revoke(revoking)}
        >
          The links that <Plain text={revoking.email} /> was sent for <Plain text={revoking.organizationName} /> open nothing any more. The
          membership stays, inactive.
        </Confirm>
      )}
    </>
  );
}

const columns: SimpleColumn<InvitationRow>[] = [
  {
    title: 'Invited',
    render: ({ email, user_id: user }) => (
      <PageLink to={`/users/${user}`}>
        <Plain text={email} mark />
      </PageLink>
    ),
  },
  {
    title: 'State',
    render: ({ state }) => (
      <Badge color={states[state].color} c="var(--mantine-color-text)">
        {states[state].label}
      </Badge>
    ),
  },
  {
    title: 'Organization',
    render: ({ organization_id: organization, organizationName: name }) => (
      <PageLink to={`/organizations/${organization}`} search={{ tab: 'memberships' }}>
        <Plain text={name} mark />
      </PageLink>
    ),
  },
  {
    title: 'Ends',
    render: ({ state, expires_at: time }) => (time === null || state === 'REVOKED' ? '–' : <RelativeTime time={time} />),
  },
  { title: 'Accepted', render: ({ accepted_at: time }) => (time === null ? '–' : <RelativeTime time={time} />) },
  {
    title: 'Sent again',
    render: ({ resent_count: count, resent_at: time }) =>
      time === null ? (
        '–'
      ) : (
        <>
          {counted(count, 'times')}, <RelativeTime time={time} />
        </>
      ),
  },
  { title: 'By', render: ({ inviter_email: email }) => (email === null ? '–' : <Plain text={email} />) },
  { title: 'Invited at', render: ({ created_at: time }) => <RelativeTime time={time} /> },
];

function NoInvitations({ wanted: { organizationId, state } }: { wanted: Wanted }) {
  if (state !== '' || organizationId !== '')
    return (
      <Empty
        icon="invitation"
        title={state === '' ? 'Nobody was invited' : 'None in this state'}
        text="An invitation that is not accepted in time expires, and can be sent again."
      />
    );
  return (
    <>
      <Empty
        icon="invitation"
        title="No invitations yet"
        text="Invite somebody under Members of an organization, or by code: the person gets a mail with a link, and is a member when they accept."
      />
      <CodeBlock code={call} label="How to invite by code" />
      <Text size="sm" c="dimmed" mt="xs">
        What the mail says is set under Settings; without a mail server it is kept in the mailbox.
      </Text>
    </>
  );
}

const call = `await crosswalk.user.createUserAndMembership(organizationId, {
  email: 'ada@example.com',
  sendInvitationEmail: true,
});`;

function keyOf({ organization_id: organization, user_id: user }: InvitationRow): string {
  return `${organization} ${user}`;
}
