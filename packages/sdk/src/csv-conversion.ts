import { ColumnMapping, type MappingOptions } from './column-mapping.ts';

/** A record of CSV and the line it begins at; the first is 1. */
export interface CsvRecord {
  line: number;
  cells: readonly string[];
}

/** A record that is no row, because its cells are not as many as the columns. */
export interface RaggedRecord {
  line: number;
  cells: number;
  columns: number;
}

/** What is known of a conversion while it goes on, and after. */
export interface CsvConversion {
  /** undefined until the header was read */
  mapping: ColumnMapping | undefined;
  /** rows that were made */
  rows: number;
  /** how many records were no rows, and the first of them */
  raggedCount: number;
  ragged: RaggedRecord[];
  /** how many are told of by line */
  told: number;
}

/** Characters of one part. */
const chunk = 64 * 1024;

/** A conversion of which nothing was read yet. Of records that are no rows the first `told` are kept. */
export function newCsvConversion(told = 20): CsvConversion {
  return { mapping: undefined, rows: 0, raggedCount: 0, ragged: [], told };
}

/**
 * The CSV that an import takes, of the records of a file with other columns, the header first; each part ends with a record. Each line of the
 * file has `rowsPerRecord` lines for its rows, so that `lineOfFile` finds it by the line of a row, and errors name the line of the file that
 * was given. Throws a `MappingError`.
 */
export async function* convertCsv(
  records: AsyncIterable<CsvRecord>,
  options: MappingOptions,
  conversion: CsvConversion,
): AsyncGenerator<string, void, undefined> {
  let out = '';
  let written = 0;
  const write = (record: readonly string[]) => {
    const text = `${record.map(cellOf).join(',')}\n`;
    out += text;
    written += breaksIn(text);
  };
  for await (const { line, cells } of records) {
    const { mapping } = conversion;
    if (mapping === undefined) {
      conversion.mapping = new ColumnMapping(cells, options);
      write(conversion.mapping.header);
      continue;
    }
    const columns = mapping.columnCount;
    if (cells.length !== columns) {
      conversion.raggedCount += 1;
      if (conversion.ragged.length < conversion.told) conversion.ragged.push({ line, cells: cells.length, columns });
      continue;
    }
    const begin = (line - 1) * mapping.rowsPerRecord;
    if (begin > written) {
      out += '\n'.repeat(begin - written);
      written = begin;
    }
    for (const record of mapping.recordsOf(cells)) {
      write(record);
      conversion.rows += 1;
    }
    if (out.length < chunk) continue;
    yield out;
    out = '';
  }
  if (out !== '') yield out;
}

/** The line of the file that was given, of a line of what was made of it. */
export function lineOfFile(line: number, rowsPerRecord: number): number {
  return Math.ceil(line / rowsPerRecord);
}

/** What stands between the names of a header: spreadsheets of many countries write semicolons, copies out of them have tabs. */
export function csvDelimiterOf(begin: string): string {
  const [header = ''] = begin.replace(/^\ufeff/, '').split(/[\r\n]/);
  const count = (separator: string) => header.replace(/"[^"]*"/g, '').split(separator).length;
  return [',', ';', '\t'].reduce((best, separator) => (count(separator) > count(best) ? separator : best));
}

/** A cell as RFC 4180 writes it. */
function cellOf(text: string): string {
  return /[",\r\n]|^\s|\s$/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

function breaksIn(text: string): number {
  return text.match(/\r\n|\n|\r/g)?.length ?? 0;
}
