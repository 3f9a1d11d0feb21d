import { Readable } from 'node:stream';
import { importLimits } from '@crosswalk/contract/limits';
import { type CsvRecord, csvDelimiterOf } from '@crosswalk/sdk';
import { CsvError, type Info, parse } from 'csv-parse';
import { UsageError } from './exit.ts';

interface Parsed {
  record: string[];
  raw: string;
  info: Info;
}

/** The records of CSV with commas, semicolons or tabs, the header included, whatever their number of cells. A `UsageError` when it is none. */
export async function* readCsv(name: string, bytes: AsyncIterable<Uint8Array>): AsyncGenerator<CsvRecord> {
  const text = decoded(name, bytes);
  const first = await text.next();
  const begin = first.done === true ? '' : first.value;
  const parser = parse({
    bom: true,
    delimiter: csvDelimiterOf(begin),
    info: true,
    raw: true,
    relax_column_count: true,
    skip_empty_lines: true,
    max_record_size: importLimits.lineBytes,
    record_delimiter: ['\r\n', '\n', '\r'],
  });
  const source = Readable.from(joined(begin, text), { objectMode: true });
  source.once('error', (error) => parser.destroy(error));
  source.pipe(parser);
  let last = 0;
  try {
    const records: AsyncIterable<Parsed> = parser;
    for await (const { record, raw, info } of records) {
      // The parser counts where a record ends.
      const breaks = raw.replace(/^[\r\n]+|[\r\n]+$/g, '').match(/\r\n|\n|\r/g)?.length ?? 0;
      last = Math.max(last + 1, info.lines - breaks);
      yield { line: last, cells: record };
    }
  } catch (error) {
    if (!(error instanceof CsvError)) throw error;
    throw new UsageError(`${name} is no CSV: ${error.message}`);
  } finally {
    source.destroy();
    parser.destroy();
  }
}

async function* decoded(name: string, bytes: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder('utf-8', { fatal: true });
  try {
    for await (const part of bytes) yield decoder.decode(part, { stream: true });
    yield decoder.decode();
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    throw new UsageError(`${name} is not UTF-8: save it as CSV UTF-8`);
  }
}

async function* joined(begin: string, rest: AsyncIterable<string>): AsyncGenerator<string> {
  yield begin;
  yield* rest;
}
