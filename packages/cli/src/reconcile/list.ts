import { reconcileLimits } from '@crosswalk/contract/limits';
import { MappingError, type MappingOptions, type ReconcileItem, reconcileItemsOfCsv, reconcileItemsOfLines } from '@crosswalk/sdk';
import { readCsv } from '../csv.ts';
import { UsageError } from '../exit.ts';
import type { SourceFile } from '../source-file.ts';

/** The entries of another system's list. A `UsageError` when it is none, or longer than one comparison takes. */
export async function readList(
  file: SourceFile,
  format: 'ndjson' | 'csv',
  mapping: MappingOptions | undefined,
  kind: 'organization' | 'user',
): Promise<ReconcileItem[]> {
  const items: ReconcileItem[] = [];
  const entries =
    format === 'csv'
      ? reconcileItemsOfCsv(readCsv(file.name, file.bytes), kind, mapping)
      : reconcileItemsOfLines(linesOf(file.name, file.bytes));
  try {
    for await (const item of entries) {
      items.push(item);
      if (items.length > reconcileLimits.items)
        throw new UsageError(
          `${file.name} has more than ${reconcileLimits.items.toLocaleString('en')} entries: compare it in parts, such as by name or by date`,
        );
    }
  } catch (error) {
    throw error instanceof MappingError ? new UsageError(wrong(file.name, error.message)) : error;
  }
  if (items.length === 0) throw new UsageError(`${file.name} has no entries`);
  return items;
}

/** What is wrong with a list, in the words of the command line: which file, and the option that says otherwise. */
function wrong(name: string, message: string): string {
  return message
    .replace(/^line (\d+) /, `line $1 of ${name} `)
    .replace('which column has the IDs:', "which column has the IDs: --map 'id=COLUMN',");
}

async function* linesOf(name: string, bytes: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder('utf-8', { fatal: true });
  let rest = '';
  try {
    for await (const part of bytes) {
      const lines = (rest + decoder.decode(part, { stream: true })).split(/\r?\n/);
      rest = lines.pop() ?? '';
      yield* lines;
    }
    yield rest + decoder.decode();
  } catch (error) {
    throw error instanceof TypeError ? new UsageError(`${name} is not UTF-8`) : error;
  }
}
