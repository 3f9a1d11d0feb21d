import { rowKinds } from '@crosswalk/contract/kinds';
import { importLimits } from '@crosswalk/contract/limits';
import { type CsvConversion, convertCsv, MappingError, type MappingOptions, newCsvConversion } from '@crosswalk/sdk';
import { readCsv } from '../csv.ts';
import { UsageError } from '../exit.ts';
import type { SourceFile } from '../source-file.ts';

/** What is known of a conversion while it goes on, and after. */
export interface Conversion extends CsvConversion {
  /** bytes of the file that were read */
  read: number;
  /** whether all that is to be sent was handed on */
  isWhole: boolean;
}

/** A conversion of which nothing was read yet. */
export function newConversion(): Conversion {
  return { ...newCsvConversion(), read: 0, isWhole: false };
}

/** The CSV that the server takes, of a file with other columns. A `UsageError` says why it cannot be made. */
export async function* converted(file: SourceFile, options: MappingOptions, conversion: Conversion): AsyncGenerator<Uint8Array> {
  const encoder = new TextEncoder();
  try {
    for await (const part of convertCsv(readCsv(file.name, countedBytes(file.bytes, conversion)), options, conversion))
      yield encoder.encode(part);
  } catch (error) {
    throw error instanceof MappingError ? new UsageError(error.message) : error;
  }
  if (conversion.mapping === undefined) throw new UsageError(`${file.name} is empty: its first line names the columns`);
}

/** What to say about rows of no kind. */
export const kindMissing = `say what every row is by --kind, one of ${rowKinds.join(', ')}`;

/**
 * The same bytes of a CSV whose rows no option gives a kind. A `UsageError`, before any is handed on, when none of its columns can be the kind;
 * whether one is, the server knows.
 */
export async function* withKinds({ name, bytes }: SourceFile): AsyncGenerator<Uint8Array> {
  const begin: Uint8Array[] = [];
  let [length, isBegun] = [0, false];
  for await (const part of bytes) {
    if (isBegun) {
      yield part;
      continue;
    }
    begin.push(part);
    length += part.length;
    isBegun = length > importLimits.lineBytes || /[\r\n]/.test(Buffer.from(part).toString('latin1'));
    if (isBegun) yield beginning(name, begin);
  }
  if (!isBegun) yield beginning(name, begin);
}

/** The bytes that a file begins with. A `UsageError` when its first line is whole and has no name of a column that could be the kind. */
function beginning(name: string, parts: readonly Uint8Array[]): Uint8Array {
  const bytes = Buffer.concat(parts);
  const [names = ''] = bytes
    .toString()
    .replace(/^\ufeff/, '')
    .split(/[\r\n]/, 1);
  const isCutInQuotes = names.split('"').length % 2 === 0;
  if (names !== '' && !isCutInQuotes && !names.includes('kind')) throw new UsageError(`${name} has no column kind: ${kindMissing}`);
  return bytes;
}

/** The same bytes; how many were read is counted. */
export async function* countedBytes(bytes: AsyncIterable<Uint8Array>, conversion: Conversion): AsyncGenerator<Uint8Array> {
  for await (const part of bytes) {
    conversion.read += part.length;
    yield part;
  }
}
