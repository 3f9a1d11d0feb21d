import { useState } from 'react';
import { Empty } from '../../elements/empty.tsx';
import { PageHeader } from '../../elements/page-header.tsx';
import { FilePanel } from '../../imports/file-panel.tsx';
import type { SourceFile } from '../../imports/source-file.ts';
import { useEnvironment } from '../../session/environment.ts';
import { Rekeying } from './rekeying.tsx';

/** Replaces external IDs in bulk: choose a file of pairs, check what would happen, do it. */
export default function RekeyPage() {
  const { mayEdit } = useEnvironment();
  const [source, setSource] = useState<SourceFile>();
  if (!mayEdit)
    return (
      <>
        <PageHeader title="Re-key" />
        <Empty icon="lock" title="Viewers cannot re-key" text="Ask an admin of this environment for the role of an editor." />
      </>
    );
  return (
    <>
      <PageHeader
        title="Re-key"
        description="Replace many external IDs at once. Nothing is written before you have seen what would change."
      />
      <FilePanel
        title="File"
        label="Drop a file here, or choose one"
        hint="A CSV with the columns old and new: an ID that a record has, and the one that takes its place. Up to 100,000 pairs."
        failed="This file cannot be read"
        source={source}
        onSource={setSource}
      />
      {source !== undefined && <Rekeying key={`${source.name} ${source.file.size}`} source={source} />}
    </>
  );
}
