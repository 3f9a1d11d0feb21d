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

/** The same bytes; how many were read is counted. */
export async function* countedBytes(bytes: AsyncIterable<Uint8Array>, conversion: Conversion): AsyncGenerator<Uint8Array> {
  for await (const part of bytes) {
    conversion.read += part.length;
    yield part;
  }
}
