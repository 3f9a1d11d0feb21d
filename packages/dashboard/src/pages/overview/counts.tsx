import type { Overview } from '@crosswalk/sdk';
import { SimpleGrid } from '@mantine/core';
import type { SearchParams } from '../../data/search-params.ts';
import { PageLink } from '../../elements/page-link.tsx';
import classes from './counts.module.css';

const number = new Intl.NumberFormat('en');
const signed = new Intl.NumberFormat('en', { signDisplay: 'exceptZero' });

/** How many records there are, each a link to them. */
export function Counts({ overview: { counts, growth } }: { overview: Overview }) {
  const first = growth[0];
  return (
    <SimpleGrid cols={{ base: 2, md: 4 }}>
      <Tile label="Organizations" to="/organizations" count={counts.organizations} before={first?.organizations} days={growth.length} />
      <Tile label="Users" to="/users" count={counts.users} before={first?.users} days={growth.length} />
      <Tile label="Memberships" to="/users" count={counts.memberships} />
      <Tile label="Open invitations" to="/invitations" search={{ state: 'PENDING' }} count={counts.pending_invitations} />
    </SimpleGrid>
  );
}

interface TileProps {
  label: string;
  to: string;
  search?: SearchParams;
  count: Overview['counts']['users'];
  /** how many there were when the first of `days` days ended */
  before?: number | undefined;
  days?: number;
}

function Tile({ label, to, search = {}, count: { value, exact }, before, days }: TileProps) {
  return (
    <PageLink to={to} search={search} className={classes.tile}>
      <div className={classes.label}>{label}</div>
      <div className={classes.value}>
        {exact ? '' : 'about '}
        {number.format(value)}
        {before !== undefined && value !== before && (
          <span className={classes.change} title={`Since ${days} days ago`}>
            {signed.format(value - before)}
          </span>
        )}
      </div>
    </PageLink>
  );
}
