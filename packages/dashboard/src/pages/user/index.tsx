import { usePathPart } from '../../data/location.ts';
import { users } from '../../records/kind.ts';
import { RecordPage } from '../../records/record-page.tsx';

/** One user. */
export default function UserPage() {
  const id = usePathPart('id');
  return <RecordPage key={id} kind={users} id={id} />;
}
