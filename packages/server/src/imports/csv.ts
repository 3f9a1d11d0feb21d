import { Readable } from 'node:stream';
import { type ImportOptions, importLimits, linesOfRecord } from '@crosswalk/contract';
import { CsvError, parse } from 'csv-parse';
import type { ApiError } from '../lib/api-error.ts';
import { CellError, type Column, parseHeader, rowOf } from './columns.ts';
import { type FilePart, invalidFile, type Outcome, rejection } from './import.ts';

/** A record as the parser gives it with the options below. */
interface Parsed {
  record: string[];
  raw: string;
}

/** Header and rows of CSV (RFC 4180, with any line ends): the first record names the columns, empty lines are skipped. */
export async function* readCsv(text: AsyncIterable<string>, options: ImportOptions): AsyncGenerator<FilePart> {
  let next = 1;
  /** where the records begin that were parsed and not yet given */
  const begins: number[] = [];
  const parser = parse({
    bom: true,
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
  const source = Readable.from(text, { objectMode: true });
  source.once('error', (error) => parser.destroy(error));
  source.pipe(parser);
  let columns: Column[] | undefined;
  try {
    const records: AsyncIterable<Parsed> = parser;
    for await (const { record, raw } of records) {
      const line = begins.shift() ?? next;
      const content = raw.replace(/[\r\n]+$/, '').replace(/^(?:\r\n|\n|\r)+/, '');
      if (columns === undefined) {
        columns = parseHeader(record, options);
        yield { header: content };
        continue;
      }
      const read = readRecord(columns, record, options);
      yield { line, source: content.replaceAll('\0', '\ufffd'), ...read };
    }
  } catch (error) {
    throw error instanceof CsvError ? csvProblem(error, linesOfRecord(String(error.raw ?? ''), next).line) : error;
  } finally {
    source.destroy();
    parser.destroy();
  }
}

function readRecord(
  columns: readonly Column[],
  cells: string[],
  options: ImportOptions,
): { data: string | null; refused: Outcome | undefined } {
  if (cells.length !== columns.length) {
    const description = `has ${cells.length} cells, and the header ${columns.length} columns; put cells with commas in quotes`;
    return { data: null, refused: rejection(options.kind, invalidFile('row', description, 'columns')) };
  }
  try {
    return { data: JSON.stringify(rowOf(columns, cells, options)), refused: undefined };
  } catch (error) {
    if (error instanceof CellError)
      return { data: null, refused: rejection(options.kind, invalidFile(error.field, error.message, 'type')) };
    throw error;
  }
}

/** What is wrong with a file that is no CSV, at the record that begins in a line. */
function csvProblem(error: CsvError, line: number): ApiError {
  const at = `line ${line}`;
  switch (error.code) {
    case 'CSV_MAX_RECORD_SIZE':
      return invalidFile(at, `has a record of more than ${importLimits.lineBytes} bytes; is a quote not closed?`, 'max_bytes');
    case 'CSV_QUOTE_NOT_CLOSED':
      return invalidFile(at, 'has a quote that is not closed', 'quote');
    case 'CSV_INVALID_CLOSING_QUOTE':
    case 'INVALID_OPENING_QUOTE':
      return invalidFile(at, 'has a quote inside of a cell; put the cell in quotes and double those inside', 'quote');
    default:
      return invalidFile(at, 'is not CSV', 'csv');
  }
}
