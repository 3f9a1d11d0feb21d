import { CodeBlock } from '../elements/code-block.tsx';
import type { DirectoryRecord } from './kind.ts';

/** A record as the API answers it. */
export function RawPanel({ record }: { record: DirectoryRecord }) {
  return <CodeBlock code={JSON.stringify(record, null, 2)} label="The record as JSON" />;
}
