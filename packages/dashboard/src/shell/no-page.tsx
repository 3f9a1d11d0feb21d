import { Empty } from '../elements/empty.tsx';

/** An address that is no page. */
export function NoPage() {
  return (
    <Empty isPage icon="search" title="There is no such page" text="The address may be mistyped, or of a newer version.">
      <a href="/dashboard/">Open the start page</a>
    </Empty>
  );
}
