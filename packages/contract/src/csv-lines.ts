/**
 * The lines where a record of CSV begins and ends, by which the command and the server name it alike. `raw` is its text as `csv-parse` gives it:
 * with the first character of each empty line before it, and of the break behind it. `next` is the line after the record before. The parser
 * itself counts a break of two characters within quotes as two.
 */
export function linesOfRecord(raw: string, next: number): { line: number; end: number } {
  const empty = Math.max(0, raw.search(/[^\r\n]/));
  const line = next + empty;
  const breaks = raw.slice(empty, /[\r\n]$/.test(raw) ? -1 : undefined).match(/\r\n|\n|\r/g)?.length ?? 0;
  return { line, end: line + breaks };
}
