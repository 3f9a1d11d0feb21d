import { Badge, Group, SegmentedControl, Text } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { useGrowingList } from '../../data/growing-list.ts';
import { textOf, useAddress } from '../../data/location.ts';
import { CodeBlock } from '../../elements/code-block.tsx';
import { Confirm } from '../../elements/confirm.tsx';
import { Empty } from '../../elements/empty.tsx';
import { Failure } from '../../elements/failure.tsx';
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
import { type InvitationRow, readInvitations, stateOf, states, type Wanted } from './invitation.ts';

/** Who was invited and has not come yet; of one organization everyone who ever was. Sends again, takes back. */
export default function InvitationsPage() {
  const { id: environmentId, crosswalk, mayEdit } = useEnvironment();
  const queries = useQueryClient();
  const [address, setAddress] = useAddress();
  const organizationId = textOf(address, 'organization');
  const state = stateOf(textOf(address, 'state'));
  const wanted: Wanted = organizationId === '' ? { state: state === 'EXPIRED' ? 'EXPIRED' : 'PENDING' } : { organizationId, state };
  const [revoking, setRevoking] = useState<InvitationRow>();
  const list = useGrowingList([environmentId, 'invitations', wanted], (page, signal) => readInvitations(crosswalk, wanted, page, signal));
  const changed = async () => {
    await Promise.all(
      ['invitations', 'memberships', 'mailbox'].map((name) => queries.invalidateQueries({ queryKey: [environmentId, name] })),
    );
  };
  const resend = useMutation({
    mutationFn: async ({ organizationId: organization, userId }: InvitationRow) => crosswalk.invitation.resend(organization, userId),
    onSuccess: async ({ email }) => {
      notify(`The invitation to ${email} is sent again, with a new link.`);
      await changed();
    },
  });
  const revoke = async ({ organizationId: organization, userId }: InvitationRow) => {
    await crosswalk.invitation.revoke(organization, userId);
    await changed();
    notify('Invitation revoked.');
  };
  const columns = [
    ...columnsOf(organizationId !== ''),
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
  const choices = organizationId === '' ? (['PENDING', 'EXPIRED'] as const) : (['', 'PENDING', 'EXPIRED', 'ACCEPTED', 'REVOKED'] as const);
  return (
    <>
      <PageHeader title="Invitations" description={<Total total={list.total} noun="invitations" />} />
      <Group gap="xs" mb="sm">
        <SegmentedControl
          aria-label="State"
          data={choices.map((value) => ({ value, label: value === '' ? 'All' : states[value].label }))}
          value={wanted.state}
          onChange={(value) => setAddress({ state: value })}
        />
        <OrganizationSelect value={organizationId} onChange={(id) => setAddress({ organization: id, state: undefined })} />
      </Group>
      {resend.error !== null && <Failure title="Not sent again" error={resend.error} />}
      <GrowingTable
        label="Invitations"
        minWidth={720}
        list={list}
        columns={columns}
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

function columnsOf(ofOrganization: boolean): SimpleColumn<InvitationRow>[] {
  return [
    {
      title: 'Invited',
      render: ({ email, userId }) => (
        <PageLink to={`/users/${userId}`}>
          <Plain text={email} mark />
        </PageLink>
      ),
    },
    {
      title: 'Organization',
      render: ({ organizationId, organizationName }) => (
        <PageLink to={`/organizations/${organizationId}`} search={{ tab: 'memberships' }}>
          <Plain text={organizationName} mark />
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
    { title: 'Ends', render: ({ expireTime }) => (expireTime === null ? '–' : <RelativeTime time={expireTime} />) },
    ...(ofOrganization
      ? [
          {
            title: 'Sent again',
            render: ({ resentCount = 0, resentTime }: InvitationRow) =>
              resentTime == null ? (
                '–'
              ) : (
                <>
                  {resentCount} {resentCount === 1 ? 'time' : 'times'}, <RelativeTime time={resentTime} />
                </>
              ),
          },
        ]
      : []),
    { title: 'By', render: ({ inviterEmail }) => (inviterEmail === null ? '–' : <Plain text={inviterEmail} />) },
    { title: 'Invited at', render: ({ createTime }) => <RelativeTime time={createTime} /> },
  ];
}

function NoInvitations({ wanted }: { wanted: Wanted }) {
  if (wanted.state !== 'PENDING' || 'organizationId' in wanted)
    return (
      <Empty
        icon="invitation"
        title="None in this state"
        text="An invitation that is not accepted in time expires, and can be sent again."
      />
    );
  return (
    <>
      <Empty
        icon="invitation"
        title="No open invitations"
        text="A membership begins with an invitation when your code asks for one: the person gets a mail with a link, and is a member when they accept."
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

function keyOf({ organizationId, userId }: InvitationRow): string {
  return `${organizationId} ${userId}`;
}
