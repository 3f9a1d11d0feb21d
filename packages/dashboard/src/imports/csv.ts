import { type CsvRecord, csvDelimiterOf, MappingError } from '@crosswalk/sdk';
import Papa from 'papaparse';

/** The longest record. Characters; the server takes 1 MB. */
const longestRecord = 1024 * 1024;

/** What the parser answers: the records that are whole, and where the next begins. */
interface Parsed {
  data: string[][];
  errors: { message: string; row?: number }[];
  meta: { cursor: number };
}

/**
 * The records of a file of CSV with commas, semicolons or tabs, the header included, whatever their number of cells. The file is read as the
 * records are asked for. `onRead` hears how many bytes were read. A `MappingError` when it is none.
 */
export async function* readCsv(file: Blob, onRead: (bytes: number) => void = () => {}): AsyncGenerator<CsvRecord, void, undefined> {
  let parser: Papa.Parser | undefined;
  let rest = '';
  let line = 1;
  const take = function* (isLast: boolean): Generator<CsvRecord> {
    if (parser === undefined) return;
    const { data, errors, meta }: Parsed = parser.parse(rest, 0, !isLast);
    for (const [index, cells] of data.entries()) {
      const [error] = errors;
      if (error !== undefined && (error.row ?? 0) <= index) throw new MappingError(`the file is no CSV: line ${line}: ${error.message}`);
      if (cells.length > 1 || cells[0] !== '') yield { line, cells };
      // A record has one line, and one more for each line that ends within its cells.
      line += 1;
      for (const cell of cells) if (/[\r\n]/.test(cell)) line += cell.match(/\r\n|\n|\r/g)?.length ?? 0;
    }
    rest = isLast ? '' : rest.slice(meta.cursor);
    if (rest.length > longestRecord)
      throw new MappingError(`the file is no CSV: the record at line ${line} is longer than 1 MB; a quotation mark may not be closed`);
  };
  for await (const text of withHeader(textOf(file, onRead))) {
    if (parser === undefined) {
      const newline = /\r\n|\n|\r/.exec(text)?.[0];
      parser = new Papa.Parser({
        delimiter: csvDelimiterOf(text),
        ...(newline === '\r\n' || newline === '\n' || newline === '\r' ? { newline } : {}),
      });
      rest = text.replace(/^\ufeff/, '');
    } else {
      rest += text;
    }
    yield* take(false);
  }
  if (rest !== '') yield* take(true);
}

/** The same text; the first part has the whole first line, which tells the separator, unless that is very long. */
async function* withHeader(parts: AsyncIterable<string>): AsyncGenerator<string, void, undefined> {
  let beginning = '';
  let isHeld = true;
  for await (const part of parts) {
    if (!isHeld) {
      yield part;
      continue;
    }
    beginning += part;
    // A line may end with two characters.
    if (!/\n|\r[^\n]/.test(beginning) && beginning.length < longestRecord) continue;
    isHeld = false;
    yield beginning;
  }
  if (isHeld && beginning !== '') yield beginning;
}

/** The text of a file, in parts. A `MappingError` when it is not UTF-8. */
async function* textOf(file: Blob, onRead: (bytes: number) => void = () => {}): AsyncGenerator<string, void, undefined> {
  const decoder = new TextDecoder('utf-8', { fatal: true });
  const reader = file.stream().getReader();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) break;
      onRead(value.length);
      const text = decoder.decode(value, { stream: true });
      if (text !== '') yield text;
    }
    const rest = decoder.decode();
    if (rest !== '') yield rest;
  } catch (error) {
    throw error instanceof TypeError ? new MappingError('the file is not UTF-8: save it as CSV UTF-8') : error;
  } finally {
    await reader.cancel();
  }
}

/** The lines of a file, without their ends. */
export async function* linesOf(file: Blob, onRead?: (bytes: number) => void): AsyncGenerator<string, void, undefined> {
  let rest = '';
  for await (const text of textOf(file, onRead)) {
    const lines = (rest + text).split(/\r?\n/);
    rest = lines.pop() ?? '';
    yield* lines;
  }
  yield rest;
}
