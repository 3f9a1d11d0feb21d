import type { Import } from '@crosswalk/sdk';
import { Button } from '@mantine/core';
import { useKeysetRows } from '../../data/keyset-rows.ts';
import { useOpen } from '../../data/location.ts';
import { curl, node } from '../../elements/client-code.ts';
import { CodeExample, type Example } from '../../elements/code-example.tsx';
import { type Column, DataTable } from '../../elements/data-table.tsx';
import { Empty } from '../../elements/empty.tsx';
import { counted, figure } from '../../elements/figure.ts';
import { Icon } from '../../elements/icon.tsx';
import { PageHeader } from '../../elements/page-header.tsx';
import { Plain } from '../../elements/plain.tsx';
import { RelativeTime } from '../../elements/relative-time.tsx';
import { Total } from '../../elements/total.tsx';
import { useKeys } from '../../elements/use-keys.ts';
import { ImportState } from '../../imports/import-state.tsx';
import { rememberedImport } from '../../imports/remembered.ts';
import { keysetPage } from '../../records/kind.ts';
import { useEnvironment } from '../../session/environment.ts';

const columns: Column<Import>[] = [
  {
    id: 'name',
    title: 'Import',
    width: 'minmax(200px, 1.6fr)',
    render: ({ id, options }) => (
      <>
        <Plain text={rememberedImport(id)?.name ?? id} />
        {options.dry_run && ' (check)'}
      </>
    ),
  },
  { id: 'state', title: 'State', width: '120px', render: (found) => <ImportState found={found} /> },
  { id: 'rows', title: 'Rows', width: '110px', render: ({ rows_total: rows }) => figure(rows) },
  { id: 'created', title: 'Created', width: '110px', render: ({ counts }) => figure(sum(counts, 'created')) },
  { id: 'updated', title: 'Updated', width: '110px', render: ({ counts }) => figure(sum(counts, 'updated')) },
  { id: 'rejected', title: 'Rejected', width: '110px', render: ({ rows_rejected: rows }) => figure(rows) },
  { id: 'time', title: 'Begun', width: '130px', render: ({ create_time: time }) => <RelativeTime time={time} /> },
];

function sum(counts: Import['counts'], outcome: 'created' | 'updated'): number {
  return Object.values(counts).reduce((total, one) => total + one[outcome], 0);
}

/** The imports of the environment, newest first. */
export default function ImportsPage() {
  const { id: environmentId, crosswalk, mayEdit } = useEnvironment();
  const open = useOpen();
  const rows = useKeysetRows([environmentId, 'imports', 'list'], async (page, signal) => {
    const answer = await crosswalk.imports.list(page, { signal });
    return keysetPage(answer.imports, answer);
  });
  useKeys([['c', () => mayEdit && open('/imports/new')]]);
  const begin = mayEdit && (
    <Button leftSection={<Icon name="plus" />} onClick={() => open('/imports/new')}>
      New import
    </Button>
  );
  return (
    <>
      <PageHeader title="Imports" description={<Total total={rows.total} noun="imports" />}>
        <CodeExample example={example()} />
        {begin}
      </PageHeader>
      <DataTable
        label="Imports"
        columns={columns}
        rows={rows}
        pageOf={({ id }) => `/imports/${id}`}
        phone={({ rows_total: total, rows_rejected: rejected, create_time: time }) => (
          <>
            {counted(total, 'rows')}, {figure(rejected)} rejected, <RelativeTime time={time} />
          </>
        )}
        empty={
          <Empty
            icon="import"
            title="No imports yet"
            text="An import brings the customers and people you have: a CSV of any system, or NDJSON. You see what would change before anything is written."
          >
            {begin}
          </Empty>
        }
      />
    </>
  );
}

function example(): Example {
  return {
    curl: curl('/api/v1/imports?dry_run=true', "-H 'Content-Type: application/x-ndjson' -T customers.ndjson -X POST"),
    node: node(
      [
        "const rows = [{ kind: 'organization', external_id: 'CUST-1', display_name: 'Acme' }];",
        'const job = await crosswalk.imports.create(rows, { dryRun: true });',
        'console.log((await crosswalk.imports.wait(job.id)).counts);',
      ].join('\n'),
    ),
    cli: 'npx crosswalk import customers.ndjson --dry-run',
  };
}
