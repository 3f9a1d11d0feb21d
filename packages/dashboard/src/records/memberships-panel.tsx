import type { Membership } from '@crosswalk/sdk';
import { Badge, Button, Group, NativeSelect, Text } from '@mantine/core';
import { useInfiniteQuery, useQueryClient } from '@tanstack/react-query';
import { Suspense, useState } from 'react';
import { Confirm } from '../elements/confirm.tsx';
import { Empty } from '../elements/empty.tsx';
import { Failure } from '../elements/failure.tsx';
import { Icon } from '../elements/icon.tsx';
import { Value } from '../elements/json-value.tsx';
import { later } from '../elements/later.tsx';
import { notify } from '../elements/notify.ts';
import { PageLink } from '../elements/page-link.tsx';
import { Plain } from '../elements/plain.tsx';
import { RelativeTime } from '../elements/relative-time.tsx';
import { RowActions } from '../elements/row-actions.tsx';
import { type SimpleColumn, SimpleTable } from '../elements/simple-table.tsx';
import { Total } from '../elements/total.tsx';
import { useEnvironment } from '../session/environment.ts';
import type { DirectoryRecord, Kind, Metadata } from './kind.ts';

const MembershipForm = later(async () => ({ default: (await import('./membership-form.tsx')).MembershipForm }));
const MetadataEditor = later(() => import('./metadata-editor.tsx'));

/** A membership, and what the record at its other end is called. */
interface NamedMembership extends Membership {
  otherId: string;
  name: string;
}

const statuses = {
  ACTIVE: { label: 'Active', color: 'teal' },
  INACTIVE: { label: 'Inactive', color: 'gray' },
  PENDING_INVITE: { label: 'Invited', color: 'blue' },
  INVITE_EXPIRED: { label: 'Invitation expired', color: 'orange' },
} as const;

/** The members of an organization, or the organizations of a user. */
export function MembershipsPanel<RecordType extends DirectoryRecord>({ kind, record }: { kind: Kind<RecordType>; record: RecordType }) {
  const { id: environmentId, crosswalk, mayEdit } = useEnvironment();
  const queries = useQueryClient();
  const ofOrganization = kind.noun === 'organization';
  const [status, setStatus] = useState<Membership['membership_status'] | ''>('');
  const [editing, setEditing] = useState<NamedMembership | 'new'>();
  const [editingMetadata, setEditingMetadata] = useState<NamedMembership>();
  const [removing, setRemoving] = useState<NamedMembership>();
  const list = useInfiniteQuery({
    queryKey: [environmentId, 'memberships', record.id, status],
    queryFn: async ({ signal, pageParam }) => {
      const page = await crosswalk.membership.list(
        {
          ...(ofOrganization ? { organizationId: record.id } : { userId: record.id }),
          ...(status === '' ? {} : { status }),
          pageSize: 50,
          ...(pageParam === '' ? {} : { pageToken: pageParam }),
        },
        { signal },
      );
      const others = page.memberships.map(({ user_id: user, organization_id: organization }) => (ofOrganization ? user : organization));
      const found = others.length === 0 ? [] : await crosswalk.resolve(others, { signal });
      const rows = page.memberships.map((membership, index): NamedMembership => {
        const otherId = others[index] ?? '';
        const match = found[index]?.matches.find(({ id }) => id === otherId);
        return { ...membership, otherId, name: match?.display_name ?? otherId };
      });
      return { rows, next: page.next_page_token, total: { value: page.total_size, isFloor: page.total_size_is_floor } };
    },
    initialPageParam: '',
    getNextPageParam: ({ next }) => (next === '' ? undefined : next),
  });
  const changed = async () => {
    await queries.invalidateQueries({ queryKey: [environmentId, 'memberships'] });
    await queries.invalidateQueries({ queryKey: [environmentId, kind.plural] });
  };
  const read = async ({ organization_id: organization, user_id: user }: NamedMembership) => {
    await changed();
    return crosswalk.membership.get(organization, user);
  };
  const saveMetadata = async ({ organization_id: organization, user_id: user }: NamedMembership, metadata: Metadata, version: number) => {
    await crosswalk.membership.replaceMetadata(organization, user, metadata, { ifMatch: version });
    await changed();
  };
  const remove = async ({ organization_id: organization, user_id: user, version }: NamedMembership) => {
    await crosswalk.membership.delete(organization, user, { ifMatch: version });
    await changed();
    notify('Membership removed.');
  };
  const rows = list.data?.pages.flatMap((page) => page.rows) ?? [];
  const noun = ofOrganization ? 'members' : 'organizations';
  const actions: SimpleColumn<NamedMembership> = {
    title: 'Actions',
    hidden: true,
    width: 114,
    render: (row) => (
      <RowActions
        actions={[
          { icon: 'pencil', label: `Change the membership of ${row.name}`, run: () => setEditing(row) },
          { icon: 'metadata', label: `Edit the metadata of the membership of ${row.name}`, run: () => setEditingMetadata(row) },
          { icon: 'trash', label: `Remove the membership of ${row.name}`, run: () => setRemoving(row) },
        ]}
      />
    ),
  };
  return (
    <>
      <Group justify="space-between" mb="sm">
        <Total total={list.data?.pages[0]?.total} noun={noun} />
        <Group gap="xs">
          <NativeSelect
            aria-label="Status"
            data={[{ value: '', label: 'Any status' }, ...Object.entries(statuses).map(([value, { label }]) => ({ value, label }))]}
            value={status}
            onChange={(event) => setStatus(statusOf(event.currentTarget.value))}
          />
          {mayEdit && (
            <Button leftSection={<Icon name="plus" />} onClick={() => setEditing('new')}>
              {ofOrganization ? 'Add member' : 'Add to organization'}
            </Button>
          )}
        </Group>
      </Group>
      {list.error !== null && <Failure title="The memberships could not be read" error={list.error} onRetry={() => void list.refetch()} />}
      {list.data !== undefined && rows.length === 0 && (
        <Empty
          icon="user"
          title={status === '' ? 'No memberships yet' : 'None with this status'}
          text={
            ofOrganization
              ? 'Add people who are users already, or invite whoever is new by email.'
              : 'A person can be a member of any number of organizations, with roles in each.'
          }
        />
      )}
      {rows.length > 0 && (
        <SimpleTable
          label={ofOrganization ? 'Members' : 'Organizations'}
          minWidth={860}
          columns={[
            {
              title: ofOrganization ? 'User' : 'Organization',
              render: ({ otherId, name }) => (
                <PageLink to={`${ofOrganization ? '/users' : '/organizations'}/${otherId}`}>
                  <Plain text={name} mark />
                </PageLink>
              ),
            },
            ...columns,
            ...(mayEdit ? [actions] : []),
          ]}
          rows={rows}
          keyOf={({ id }) => id}
        />
      )}
      {list.hasNextPage && (
        <Button variant="default" mt="sm" loading={list.isFetchingNextPage} onClick={() => void list.fetchNextPage()}>
          Show more
        </Button>
      )}
      <Suspense>
        {editing !== undefined && (
          <MembershipForm
            record={record}
            ofOrganization={ofOrganization}
            {...(editing === 'new' ? {} : { membership: editing })}
            onClose={() => setEditing(undefined)}
            onChanged={changed}
          />
        )}
      </Suspense>
      <Suspense>
        {editingMetadata !== undefined && (
          <MetadataEditor
            record={editingMetadata}
            read={() => read(editingMetadata)}
            save={(metadata, version) => saveMetadata(editingMetadata, metadata, version)}
            onClose={() => setEditingMetadata(undefined)}
          />
        )}
      </Suspense>
      {removing !== undefined && (
        <Confirm
          opened
          onClose={() => setRemoving(undefined)}
          title="Remove this membership?"
          action="Remove membership"
          onConfirm={() => remove(removing)}
        >
          <Plain text={removing.name} /> and <Plain text={kind.nameOf(record)} /> are parted: the roles and the metadata of the membership
          are gone. Both records stay.
        </Confirm>
      )}
    </>
  );
}

const columns: SimpleColumn<NamedMembership>[] = [
  {
    title: 'Roles',
    render: ({ roles }) =>
      roles.length === 0 ? (
        <Text span size="sm" c="dimmed">
          none
        </Text>
      ) : (
        roles.map(({ name, display_name: label }) => (
          <Badge key={name} color="gray" c="var(--mantine-color-text)" mr={4} title={name}>
            <bdi>{label}</bdi>
          </Badge>
        ))
      ),
  },
  { title: 'Status', render: ({ membership_status: status }) => <Status status={status} /> },
  { title: 'Since', render: ({ join_time: time }) => (time === null ? '–' : <RelativeTime time={time} />) },
  {
    title: 'Metadata',
    render: ({ metadata }) => (
      <Text component="div" size="sm" lineClamp={2} maw={320}>
        <Value value={Object.keys(metadata).length === 0 ? undefined : metadata} />
      </Text>
    ),
  },
];

/** The status of a membership, as people say it. */
function Status({ status }: { status: Membership['membership_status'] }) {
  const { label, color } = statuses[status];
  return (
    <Badge color={color} c="var(--mantine-color-text)">
      {label}
    </Badge>
  );
}

function statusOf(text: string): Membership['membership_status'] | '' {
  return text === 'ACTIVE' || text === 'INACTIVE' || text === 'PENDING_INVITE' || text === 'INVITE_EXPIRED' ? text : '';
}
