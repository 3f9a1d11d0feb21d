import type { User } from '@crosswalk/sdk';
import { Button } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { Suspense } from 'react';
import { Copyable } from '../../elements/copyable.tsx';
import type { Column } from '../../elements/data-table.tsx';
import { Empty } from '../../elements/empty.tsx';
import { later } from '../../elements/later.tsx';
import { Plain } from '../../elements/plain.tsx';
import { RelativeTime } from '../../elements/relative-time.tsx';
import { fullName, users } from '../../records/kind.ts';
import { RecordList } from '../../records/record-list.tsx';
import { SystemIds } from '../../records/system-ids.tsx';
import { useEnvironment } from '../../session/environment.ts';

const CreateUser = later(async () => ({ default: (await import('./create-user.tsx')).CreateUser }));

const columns: Column<User>[] = [
  { id: 'name', title: 'Name', width: 'minmax(160px, 1.6fr)', render: (user) => <Plain text={fullName(user)} mark /> },
  { id: 'email', title: 'Email', width: 'minmax(160px, 1.6fr)', render: ({ email }) => <Copyable text={email} label="email" /> },
  {
    id: 'external_id',
    title: 'External ID',
    width: 'minmax(130px, 1.2fr)',
    render: ({ external_id: id }) => (id === null ? '–' : <Copyable text={id} label="external ID" />),
  },
  {
    id: 'external_ids',
    title: 'IDs by system',
    width: 'minmax(130px, 1.2fr)',
    render: ({ external_ids: ids }) => <SystemIds ids={ids} />,
  },
  { id: 'memberships', title: 'Member of', width: '100px', render: ({ memberships }) => memberships.length },
  { id: 'id', title: 'ID', width: '230px', render: ({ id }) => <Copyable text={id} label="user ID" /> },
  { id: 'update_time', title: 'Changed', width: '110px', render: ({ update_time: time }) => <RelativeTime time={time} /> },
  { id: 'create_time', title: 'Created', width: '110px', render: ({ create_time: time }) => <RelativeTime time={time} /> },
];

/** The people: find, filter, open, create. */
export default function UsersPage() {
  const { mayEdit } = useEnvironment();
  const [creating, { open, close }] = useDisclosure();
  return (
    <>
      <RecordList
        kind={users}
        title="Users"
        columns={columns}
        initial={['email', 'external_id', 'memberships', 'update_time']}
        phone={({ email }) => <Plain text={email} />}
        onCreate={open}
        empty={
          <Empty
            icon="user"
            title="No users yet"
            text="A user is a person, who may be a member of any number of organizations. They come by the API, by an import or by invitation."
          >
            {mayEdit && <Button onClick={open}>New user</Button>}
          </Empty>
        }
      />
      <Suspense>{creating && <CreateUser onClose={close} />}</Suspense>
    </>
  );
}
