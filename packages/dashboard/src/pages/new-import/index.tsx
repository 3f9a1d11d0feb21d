import { useState } from 'react';
import { Empty } from '../../elements/empty.tsx';
import { PageHeader } from '../../elements/page-header.tsx';
import { FilePanel } from '../../imports/file-panel.tsx';
import { forgetHanded, handedFile } from '../../imports/hand-over.ts';
import type { SourceFile } from '../../imports/source-file.ts';
import { useEnvironment } from '../../session/environment.ts';
import { Wizard } from './wizard.tsx';

/** Brings records from a file: choose it, map its columns, check what would happen, import. */
export default function NewImportPage() {
  const { mayEdit } = useEnvironment();
  const [source, setSource] = useState<SourceFile>();
  if (!mayEdit)
    return (
      <>
        <PageHeader title="New import" />
        <Empty icon="lock" title="Viewers cannot import" text="Ask an admin of this environment for the role of an editor." />
      </>
    );
  return (
    <>
      <PageHeader title="New import" description="Nothing is written before you have seen what would change." />
      <FilePanel
        title="File"
        label="Drop a file here, or choose one"
        hint="CSV of any system, with its columns named in the first line; or NDJSON, one row a line. Up to 1,000,000 rows."
        failed="This file cannot be imported"
        handed={handedFile()}
        source={source}
        onSource={(chosen) => {
          if (chosen === undefined) forgetHanded();
          setSource(chosen);
        }}
      />
      {source !== undefined && <Wizard key={`${source.name} ${source.file.size}`} source={source} />}
    </>
  );
}
