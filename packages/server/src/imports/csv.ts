import { Readable } from 'node:stream';
import { type ImportOptions, importLimits } from '@crosswalk/contract';
import { CsvError, type Info, parse } from 'csv-parse';
import type { ApiError } from '../lib/api-error.ts';
import { CellError, type Column, parseHeader, rowOf } from './columns.ts';
import { type FilePart, invalidFile, type Outcome, rejection } from './import.ts';

/** A record as the parser gives it with the options below. */
interface Parsed {
  record: string[];
  raw: string;
  info: Info;
}

/** Header and rows of CSV (RFC 4180, with any line ends): the first record names the columns, empty lines are skipped. */
export async function* readCsv(text: AsyncIterable<string>, options: ImportOptions): AsyncGenerator<FilePart> {
  const parser = parse({
    bom: true,
    info: true,
    raw: true,
    relax_column_count: true,
    skip_empty_lines: true,
    max_record_size: importLimits.lineBytes,
    record_delimiter: ['\r\n', '\n', '\r'],
  });
  const source = Readable.from(text, { objectMode: true });
  source.once('error', (error) => parser.destroy(error));
  source.pipe(parser);
  let columns: Column[] | undefined;
  let lastLine = 0;
  try {
    const records: AsyncIterable<Parsed> = parser;
    for await (const { record, raw, info } of records) {
      const content = raw.replace(/[\r\n]+$/, '').replace(/^(?:\r\n|\n|\r)+/, '');
      // The parser counts where a record ends.
      const line = Math.max(lastLine + 1, info.lines - lineBreaksIn(content));
      lastLine = line;
      if (columns === undefined) {
        columns = parseHeader(record, options);
        yield { header: content };
        continue;
      }
      const read = readRecord(columns, record, options);
      yield { line, source: content.replaceAll('\0', '\ufffd'), ...read };
    }
  } catch (error) {
    throw error instanceof CsvError ? csvProblem(error) : error;
  } finally {
    source.destroy();
    parser.destroy();
  }
}

function lineBreaksIn(text: string): number {
  return text.match(/\r\n|\n|\r/g)?.length ?? 0;
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

/** What is wrong with a file that is no CSV. */
function csvProblem(error: CsvError): ApiError {
  const line = Number(Object(error).lines);
  const at = Number.isFinite(line) ? `line ${line}` : 'file';
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
