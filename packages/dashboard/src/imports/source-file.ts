import { type CsvRecord, MappingError } from '@crosswalk/sdk';

/** A file that somebody chose, and what its beginning says. */
export interface SourceFile {
  /** what people know it by */
  name: string;
  file: Blob;
  format: 'csv' | 'ndjson';
  /** of CSV: the names of the columns */
  header: string[];
  /** of CSV: the first records that have a cell for each column, to look at */
  records: CsvRecord[];
}

/** Records that are looked at before anything is decided. */
const looked = 50;

/** What files begin with that are not text, and what to do about them. */
const others: [beginning: number[], what: string][] = [
  [[0x50, 0x4b, 0x03, 0x04], 'is an Excel workbook or a ZIP file: save the sheet as CSV UTF-8'],
  [[0x1f, 0x8b], 'is compressed: unpack it first'],
  [[0xff, 0xfe], 'is in UTF-16: save it as CSV UTF-8'],
  [[0xfe, 0xff], 'is in UTF-16: save it as CSV UTF-8'],
];

/** Looks at a file. A `MappingError` says why it cannot be imported. */
export async function lookAt(name: string, file: Blob): Promise<SourceFile> {
  const beginning = new Uint8Array(await file.slice(0, 4).arrayBuffer());
  const what = others.find(([bytes]) => bytes.every((byte, index) => beginning[index] === byte))?.[1];
  if (what !== undefined) throw new MappingError(`${name} ${what}`);
  if (file.size === 0) throw new MappingError(`${name} is empty`);
  if (await isNdjson(name, file)) return { name, file, format: 'ndjson', header: [], records: [] };
  const { readCsv } = await import('./csv.ts');
  let header: string[] | undefined;
  const records: CsvRecord[] = [];
  let seen = 0;
  for await (const record of readCsv(file)) {
    if (header === undefined) header = record.cells.map((cell) => cell.trim());
    else if (record.cells.length === header.length) records.push(record);
    seen += 1;
    if (seen > looked) break;
  }
  if (header === undefined) throw new MappingError(`${name} is empty: its first line names the columns`);
  return { name, file, format: 'csv', header, records };
}

/** By the ending of its name, else by what it begins with. */
async function isNdjson(name: string, file: Blob): Promise<boolean> {
  if (/\.(?:ndjson|jsonl)$/i.test(name)) return true;
  if (/\.(?:csv|tsv|txt)$/i.test(name)) return false;
  return (await file.slice(0, 100).text()).trimStart().startsWith('{');
}
