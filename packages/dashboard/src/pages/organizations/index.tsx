import type { Organization } from '@crosswalk/sdk';
import { Button } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { Suspense } from 'react';
import { Copyable } from '../../elements/copyable.tsx';
import type { Column } from '../../elements/data-table.tsx';
import { Empty } from '../../elements/empty.tsx';
import { later } from '../../elements/later.tsx';
import { Plain } from '../../elements/plain.tsx';
import { RelativeTime } from '../../elements/relative-time.tsx';
import { organizations } from '../../records/kind.ts';
import { RecordList } from '../../records/record-list.tsx';
import { SystemIds } from '../../records/system-ids.tsx';
import { useEnvironment } from '../../session/environment.ts';

const CreateOrganization = later(async () => ({ default: (await import('./create-organization.tsx')).CreateOrganization }));

const columns: Column<Organization>[] = [
  { id: 'name', title: 'Name', width: 'minmax(180px, 2fr)', render: ({ display_name: name }) => <Plain text={name} mark /> },
  {
    id: 'external_id',
    title: 'External ID',
    width: 'minmax(140px, 1.3fr)',
    render: ({ external_id: id }) => (id === null ? '–' : <Copyable text={id} label="external ID" />),
  },
  {
    id: 'external_ids',
    title: 'IDs by system',
    width: 'minmax(140px, 1.3fr)',
    render: ({ external_ids: ids }) => <SystemIds ids={ids} />,
  },
  { id: 'id', title: 'ID', width: '230px', render: ({ id }) => <Copyable text={id} label="organization ID" /> },
  { id: 'update_time', title: 'Changed', width: '110px', render: ({ update_time: time }) => <RelativeTime time={time} /> },
  { id: 'create_time', title: 'Created', width: '110px', render: ({ create_time: time }) => <RelativeTime time={time} /> },
];

/** The customers: find, filter, open, create. */
export default function OrganizationsPage() {
  const { mayEdit } = useEnvironment();
  const [creating, { open, close }] = useDisclosure();
  return (
    <>
      <RecordList
        kind={organizations}
        title="Organizations"
        columns={columns}
        initial={['external_id', 'external_ids', 'update_time']}
        phone={({ external_id: externalId, id }) => <Plain text={externalId ?? id} />}
        onCreate={open}
        empty={
          <Empty
            icon="organization"
            title="No organizations yet"
            text="An organization is a customer of your product. Your sign-up code creates them by the API; an import brings those you have."
          >
            {mayEdit && <Button onClick={open}>New organization</Button>}
          </Empty>
        }
      />
      <Suspense>{creating && <CreateOrganization onClose={close} />}</Suspense>
    </>
  );
}
