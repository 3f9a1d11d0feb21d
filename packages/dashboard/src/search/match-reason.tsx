import type { SearchMatch } from '@crosswalk/sdk';
import { Plain } from '../elements/plain.tsx';
import { useSystems } from '../records/use-systems.ts';

/** How a record matched what was looked for: "Stripe ID cus_9", "former ID CUST-1", "plan enterprise". */
export function MatchReason({ match }: { match: SearchMatch }) {
  const { labelOf } = useSystems();
  const { matched_by: how, system, key, value } = match;
  const what: Record<SearchMatch['matched_by'], string> = {
    id: 'Crosswalk ID',
    external_id: system === null ? 'External ID' : `${labelOf(system)} ID`,
    alias: system === null ? 'Former external ID' : `Former ${labelOf(system)} ID`,
    email: 'Email',
    name: 'Name',
    slug: 'Slug',
    metadata: key ?? 'Metadata',
  };
  return (
    <>
      <Plain text={what[how]} /> <Plain text={value} />
    </>
  );
}
