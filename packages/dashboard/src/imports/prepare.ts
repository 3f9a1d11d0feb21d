import { type CsvConversion, convertCsv, MappingError, type MappingOptions, newCsvConversion } from '@crosswalk/sdk';
import { leftOutTold } from './left-out.ts';
import type { SourceFile } from './source-file.ts';

/** A file as it is sent, and what was seen while it was made. */
export interface Prepared {
  file: Blob;
  format: 'csv' | 'ndjson';
  /** rows; undefined where the server counts them: a file of CSV that is sent as it is */
  rows: number | undefined;
  /** The beginning that a dry run takes, when it does not take the whole. */
  beginning: Blob | undefined;
  /** of CSV that was mapped */
  conversion: CsvConversion | undefined;
}

/** Rows that the server takes in one transaction, as a dry run is. */
export const rowsAtOnce = 100_000;

/**
 * Makes the file that is sent. What is made goes into a `Blob` as it is made: browsers keep a large one on disk, and read it from there
 * while it is sent. (A stream would not have to be kept, but browsers send one over HTTP/2 at best.) `onRead` hears how many bytes of the
 * file were read. Throws a `MappingError`, or what the signal says.
 */
export async function prepare(
  { file, format }: SourceFile,
  mapping: MappingOptions | undefined,
  { onRead, signal }: { onRead: (bytes: number) => void; signal: AbortSignal },
): Promise<Prepared> {
  if (format === 'ndjson') return { file, format, conversion: undefined, ...(await countLines(file, onRead, signal)) };
  if (mapping === undefined) return { file, format, rows: undefined, beginning: undefined, conversion: undefined };
  const { readCsv } = await import('./csv.ts');
  const conversion = newCsvConversion(leftOutTold);
  const encoder = new TextEncoder();
  const parts = convertCsv(readCsv(file, onRead), mapping, conversion);
  let length = 0;
  let cut = 0;
  let failure: unknown;
  const made = await new Response(
    new ReadableStream<Uint8Array<ArrayBuffer>>({
      async pull(controller) {
        const part = await next(parts, signal).catch((error: unknown) => {
          failure = error;
          throw error;
        });
        if (part === undefined) return controller.close();
        const bytes = encoder.encode(part);
        length += bytes.length;
        if (conversion.rows <= rowsAtOnce) cut = length;
        controller.enqueue(bytes);
      },
      async cancel() {
        await parts.return();
      },
    }),
  )
    .blob()
    // What is wrong with the file is told as that, not as a body that broke.
    .catch((error: unknown) => {
      throw failure ?? error;
    });
  if (conversion.mapping === undefined) throw new MappingError('the file is empty: its first line names the columns');
  return {
    file: made,
    format,
    rows: conversion.rows,
    beginning: conversion.rows > rowsAtOnce ? made.slice(0, cut) : undefined,
    conversion,
  };
}

async function next(parts: AsyncGenerator<string, void>, signal: AbortSignal): Promise<string | undefined> {
  signal.throwIfAborted();
  const { done, value } = await parts.next();
  return done === true ? undefined : value;
}

async function countLines(file: Blob, onRead: (bytes: number) => void, signal: AbortSignal): Promise<Pick<Prepared, 'rows' | 'beginning'>> {
  const reader = file.stream().getReader();
  let rows = 0;
  let position = 0;
  let cut: number | undefined;
  let isEmpty = true;
  for (;;) {
    signal.throwIfAborted();
    const { done, value } = await reader.read();
    if (done) break;
    onRead(value.length);
    for (const byte of value) {
      position += 1;
      if (byte !== 10) {
        if (byte > 32) isEmpty = false;
        continue;
      }
      if (!isEmpty) rows += 1;
      if (rows === rowsAtOnce) cut ??= position;
      isEmpty = true;
    }
  }
  if (!isEmpty) rows += 1;
  return { rows, beginning: rows > rowsAtOnce && cut !== undefined ? file.slice(0, cut) : undefined };
}
