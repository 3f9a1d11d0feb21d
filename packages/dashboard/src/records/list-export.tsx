import type { Crosswalk } from '@crosswalk/sdk';
import { Button } from '@mantine/core';
import { type UseMutationResult, useMutation } from '@tanstack/react-query';
import classes from '../elements/code-example.module.css';
import { download } from '../elements/figure.ts';
import { Icon } from '../elements/icon.tsx';
import { useEnvironment } from '../session/environment.ts';
import type { DirectoryRecord, Kind, Wanted } from './kind.ts';

/** A list that is exported, and whether it is still the one on screen. */
type ListExport = Pick<UseMutationResult<void, Error, Wanted>, 'isPending' | 'error' | 'mutate'>;

/** The export of what a list shows, all of it. What became of that of another filter is not told beside this one. */
export function useListExport<RecordType extends DirectoryRecord>(kind: Kind<RecordType>, wanted: Wanted): ListExport {
  const { crosswalk } = useEnvironment();
  const { isPending, error, mutate, variables } = useMutation({ mutationFn: (of: Wanted) => save(crosswalk, kind, of) });
  const isThis = variables?.filter === wanted.filter && variables?.text === wanted.text;
  return { isPending: isThis && isPending, error: isThis ? error : null, mutate };
}

/** The button of it. */
export function ExportButton({ of: { isPending, mutate }, wanted }: { of: ListExport; wanted: Wanted }) {
  return (
    <Button
      variant="default"
      leftSection={<Icon name="export" />}
      onClick={() => mutate(wanted)}
      loading={isPending}
      aria-label="Export"
      title="Download what the filter shows, all pages of it, as CSV"
      className={classes.button}
    >
      <span className={classes.label}>Export</span>
    </Button>
  );
}

/** The session is told by a header, so a link alone would not do. As a blob the browser keeps the file, on its disk if it is large, and not the page. */
async function save<RecordType extends DirectoryRecord>(
  crosswalk: Crosswalk,
  { noun, plural }: Kind<RecordType>,
  { filter, text }: Wanted,
): Promise<void> {
  const narrowing = { ...(filter === undefined ? {} : { filter }), ...(text === undefined ? {} : { query: text }) };
  const { body, fileName } = await crosswalk.export({ format: 'csv', kinds: [noun], ...narrowing }).raw();
  const file = await new Response(body, { headers: { 'content-type': 'text/csv; charset=utf-8' } }).blob();
  download(file, fileName ?? `${plural}.csv`);
}
