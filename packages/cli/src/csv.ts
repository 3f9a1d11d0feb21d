import { Readable } from 'node:stream';
import { linesOfRecord } from '@crosswalk/contract/csv-lines';
import { importLimits } from '@crosswalk/contract/limits';
import { type CsvRecord, csvDelimiterOf } from '@crosswalk/sdk';
import { CsvError, parse } from 'csv-parse';
import { UsageError } from './exit.ts';

/** The records of CSV with commas, semicolons or tabs, the header included, whatever their number of cells. A `UsageError` when it is none. */
export async function* readCsv(name: string, bytes: AsyncIterable<Uint8Array>): AsyncGenerator<CsvRecord> {
  const text = decoded(name, bytes);
  const begin = await beginning(text);
  let next = 1;
  /** where the records begin that were parsed and not yet given */
  const begins: number[] = [];
  const parser = parse({
    bom: true,
    delimiter: csvDelimiterOf(begin),
    raw: true,
    relax_column_count: true,
    skip_empty_lines: true,
    max_record_size: importLimits.lineBytes,
    record_delimiter: ['\r\n', '\n', '\r'],
    // Counted here, as what was parsed before a fault is not given any more.
    on_record: (parsed, { raw = '' }) => {
      const { line, end } = linesOfRecord(raw, next);
      begins.push(line);
      next = end + 1;
      return parsed;
    },
  });
  const source = Readable.from(joined(begin, text), { objectMode: true });
  source.once('error', (error) => parser.destroy(error));
  source.pipe(parser);
  try {
    const records: AsyncIterable<{ record: string[] }> = parser;
    for await (const { record } of records) yield { line: begins.shift() ?? next, cells: record };
  } catch (error) {
    if (!(error instanceof CsvError)) throw error;
    const { line } = linesOfRecord(String(error.raw ?? ''), next);
    throw new UsageError(`${name} is no CSV: ${error.message.replace(/ line \d+/, ` line ${line}`)}`);
  } finally {
    source.destroy();
    parser.destroy();
  }
}

/** The text up to the first line break, and what came with it: through a pipe, the names of the columns may come in parts. */
async function beginning(text: AsyncGenerator<string>): Promise<string> {
  let begin = '';
  while (begin.length <= importLimits.lineBytes) {
    const part = await text.next();
    if (part.done === true) break;
    begin += part.value;
    if (/[\r\n]/.test(part.value)) break;
  }
  return begin;
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
