import { TextDecoder } from 'node:util';
import { type ImportOptions, importLimits } from '@crosswalk/contract';
import { ApiError } from '../lib/api-error.ts';
import { parseJson } from '../lib/json-scan.ts';
import { readCsv } from './csv.ts';
import { type FilePart, type FileRow, type Format, invalidFile, type Outcome, rejection } from './import.ts';

/** Bytes as they arrive. */
export type Bytes = AsyncIterable<Uint8Array>;

/**
 * Reads a file as it arrives, a row at a time: memory holds one row. 400 INVALID_FILE when it is not of its format or of UTF-8 at
 * all; a row that cannot be read is a row with an error.
 */
export function readFile(bytes: Bytes, format: Format, options: ImportOptions): AsyncIterable<FilePart> {
  return format === 'csv' ? readCsv(text(bytes), options) : readNdjson(bytes);
}

const byteOrderMarks = [Buffer.from([0xff, 0xfe]), Buffer.from([0xfe, 0xff])];

/** Refuses what is another encoding by its beginning. */
function checkBeginning(first: Uint8Array): void {
  const start = Buffer.from(first.subarray(0, 4));
  const isWide = byteOrderMarks.some((mark) => start.subarray(0, 2).equals(mark)) || (start.length >= 2 && start.includes(0));
  if (isWide) throw invalidFile('file', 'is in UTF-16 or UTF-32; save it as UTF-8', 'utf8');
}

/** The text of bytes, without a byte order mark. 400 at the first byte that is not UTF-8. */
async function* text(bytes: Bytes): AsyncGenerator<string> {
  const decoder = new TextDecoder('utf-8', { fatal: true });
  let isFirst = true;
  for await (const chunk of bytes) {
    if (isFirst && chunk.length > 0) {
      checkBeginning(chunk);
      isFirst = false;
    }
    yield decode(decoder, chunk, true);
  }
  yield decode(decoder, new Uint8Array(), false);
}

function decode(decoder: TextDecoder, bytes: Uint8Array, stream: boolean, line?: number): string {
  try {
    return decoder.decode(bytes, { stream });
  } catch {
    throw invalidFile(line === undefined ? 'file' : `line ${line}`, 'is not UTF-8; save the file as UTF-8', 'utf8');
  }
}

const [lf, cr] = [0x0a, 0x0d];

/** Rows of NDJSON. Lines end with LF, CR LF or CR, empty ones are skipped. */
async function* readNdjson(bytes: Bytes): AsyncGenerator<FileRow> {
  const decoder = new TextDecoder('utf-8', { fatal: true });
  let isFirst = true;
  for await (const { line, content } of lines(bytes)) {
    if (content === undefined) {
      const message = `the line has more than ${importLimits.lineBytes} bytes`;
      yield { line, source: '', data: null, refused: rejection(null, invalidFile('row', message, 'max_bytes')) };
      continue;
    }
    const source = decode(decoder, content, false, line);
    if (source.trim() === '') continue;
    const refused = refusalOf(source);
    if (isFirst && refused !== undefined) checkFirst(source.trim());
    isFirst = false;
    yield { line, source: source.replaceAll('\0', '\ufffd'), data: null, refused };
  }
}

/** Why a line is no row; undefined when it is a JSON object. */
function refusalOf(source: string): Outcome | undefined {
  try {
    const value = parseJson(source);
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return undefined;
    return rejection(null, invalidFile('row', 'must be a JSON object'));
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    const message = error.message.replace(/^the body /, 'the line ');
    // Of what is wrong with the whole line, the field is the row.
    const violations = error.detail.violations?.filter(({ field }) => field !== 'body') ?? [];
    return rejection(null, new ApiError(error.code, message, { violations }));
  }
}

/** A first line that is no row may tell of a file that is none of NDJSON. */
function checkFirst(line: string): void {
  const hint = 'NDJSON is one JSON object on each line';
  if (line.startsWith('[')) throw invalidFile('line 1', `begins an array; ${hint}, without brackets and commas around them`, 'ndjson');
  if (line === '{') throw invalidFile('line 1', `begins an object that goes on in the next line; ${hint}`, 'ndjson');
}

/** Lines and their numbers; `content` is undefined for one that is too long, which is not kept. */
async function* lines(bytes: Bytes): AsyncGenerator<{ line: number; content: Uint8Array | undefined }> {
  let line = 1;
  let kept: Uint8Array[] = [];
  let length = 0;
  let isAfterCr = false;
  const keep = (part: Uint8Array) => {
    length += part.length;
    if (length <= importLimits.lineBytes) kept.push(part);
    else kept = [];
  };
  const end = () => {
    const content = length > importLimits.lineBytes ? undefined : Buffer.concat(kept);
    kept = [];
    length = 0;
    return content;
  };
  let isFirst = true;
  for await (let chunk of bytes) {
    if (isFirst && chunk.length > 0) {
      checkBeginning(chunk);
      if (chunk[0] === 0xef && chunk[1] === 0xbb && chunk[2] === 0xbf) chunk = chunk.subarray(3);
      isFirst = false;
    }
    let start = 0;
    for (let index = 0; index < chunk.length; index += 1) {
      const byte = chunk[index];
      if (byte !== lf && byte !== cr) {
        isAfterCr = false;
        continue;
      }
      const isSecondHalf = byte === lf && isAfterCr;
      isAfterCr = byte === cr;
      if (!isSecondHalf) {
        keep(chunk.subarray(start, index));
        yield { line, content: end() };
        line += 1;
      }
      start = index + 1;
    }
    // A copy: the chunk may be large, and what is left of it small.
    if (start < chunk.length) keep(Uint8Array.from(chunk.subarray(start)));
  }
  if (length > 0) yield { line, content: end() };
}
