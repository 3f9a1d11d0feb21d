import { usePathPart } from '../../data/location.ts';
import { organizations } from '../../records/kind.ts';
import { RecordPage } from '../../records/record-page.tsx';

/** One organization. */
export default function OrganizationPage() {
  const id = usePathPart('id');
  return <RecordPage key={id} kind={organizations} id={id} />;
}
