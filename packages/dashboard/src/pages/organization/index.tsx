import { Skeleton } from '@mantine/core';
import { Suspense } from 'react';
import { usePathPart } from '../../data/location.ts';
import { later } from '../../elements/later.tsx';
import { organizations } from '../../records/kind.ts';
import { RecordPage } from '../../records/record-page.tsx';

const DomainsPanel = later(() => import('../../records/domains-panel.tsx'));

/** One organization. */
export default function OrganizationPage() {
  const id = usePathPart('id');
  return (
    <RecordPage
      key={id}
      kind={organizations}
      id={id}
      panels={
        <Suspense fallback={<Skeleton h={90} aria-hidden="true" />}>
          <DomainsPanel organizationId={id} />
        </Suspense>
      }
    />
  );
}
