import { beside, type Chapter, elsewhere, row, server } from './chapter.ts';

const held = (title: string) => server('imports/imports.test.ts', title);
const csv = (title: string) => server('imports/csv.test.ts', title);
const job = (title: string) => server('imports/jobs.test.ts', title);
const exported = (title: string) => server('export/export.test.ts', title);

/** X: files of imports and exports. */
export const imports: Chapter = {
  rows: {
    X1: row(
      'empty, a header alone, a byte order mark, UTF-16, Latin-1, NUL',
      'no rows; taken; 400; a row error',
      held('blank lines, CR LF, CR, a byte order mark and a missing last line end are fine'),
      held('a file that cannot be read is refused at once, and its import failed'),
    ),
    X2: row(
      'line ends of every sort, mixed, none at the end',
      'taken',
      csv('?kind= stands for the column; any line ends, a byte order mark, quoted line breaks and spaces are kept exactly'),
    ),
    X3: row(
      'a quote that is not closed and much after it, a line of megabytes, 10,000 columns',
      '400; one rejected row',
      csv('a header that does not fit is refused and the column named'),
      held('a line beyond 1 MB is one rejected row'),
    ),
    X4: row(
      'headers that are missing, unknown, doubled, in another case, __proto__',
      '400 that names the column',
      csv('a header that does not fit is refused and the column named'),
    ),
    X6: row(
      'semicolons and tabs between columns',
      '400 with the way out',
      csv('a header that does not fit is refused and the column named'),
    ),
    X7: row(
      'line breaks and quotes in quotes, spaces at ends',
      'kept exactly',
      csv('?kind= stands for the column; any line ends, a byte order mark, quoted line breaks and spaces are kept exactly'),
    ),
    X8: row(
      'one bad row of many',
      'one error with its line; all or nothing if asked for',
      held('one bad row of many costs one row; rejected rows come back as they came'),
      held('an atomic import with a rejected row writes nothing, and all of it without one'),
    ),
    X9: row(
      'the same file twice, the same idempotency key',
      'nothing twice; counts say unchanged',
      held('the same file again changes nothing: no event, no version'),
      held('the same Idempotency-Key is the same import'),
    ),
    X11: row(
      'blank lines, a list, pretty JSON, NUL, a bomb of levels, a line of 10 MB',
      'skipped; 400; row errors',
      held('a file that cannot be read is refused at once, and its import failed'),
      held('a row is held to the rules of the API and names the field that breaks one'),
    ),
    X12: row(
      'rows that set what is not theirs',
      'row errors',
      held('a row is held to the rules of the API and names the field that breaks one'),
    ),
    X13: row(
      'a million rows, an upload beyond the limit, that stalls, whose client goes',
      'done; 413; 408; the import has failed',
      held('an upload that stalls is 408'),
      held('an upload whose client goes away leaves a failed import'),
      server('imports/upload.test.ts', 'a file beyond the limit is refused while it comes (X13)'),
    ),
    X14: row(
      'cancelled, its organization deleted, its server killed',
      'goes on or says why not',
      job('an import under way can be canceled: the batches before stay, no other follows'),
      job('an organization that is deleted under way costs its memberships and nothing else'),
      elsewhere('test/faults/imports.test.ts', 'ends as one that nobody disturbed (T4)'),
    ),
    X16: row(
      'rejected rows with formulas and HTML',
      'given back as they came, as a file and never as a page',
      held('rejected rows with formulas and HTML come back to the byte, as a file and never as a page (X16)'),
    ),
    X17: row(
      '10,000 errors',
      'page by page, and as a file',
      held('ten thousand rejected rows are listed page by page and come back as a file (X17)'),
    ),
    X18: row(
      'exported, imported, exported',
      'the same bytes',
      exported('what is imported into an empty environment is exported again to the byte (X18)'),
    ),
    X19: row(
      'cells that begin as formulas do',
      'with an apostrophe, which an import takes off if asked to',
      exported('the cell %j is no formula to a spreadsheet (X19, E24)'),
      csv('formulas that an export has escaped are taken back only if it is asked for'),
    ),
    X21: row(
      'a reader that stalls or goes',
      'cut; its connection to the database is free',
      server(
        'export/streams.test.ts',
        'whose reader stalls is cut, so that the client sees it is not whole, and its connection is free again (X21)',
      ),
    ),
    X22: row(
      "another environment's import and export",
      '404; its own rows alone',
      beside('isolation.test.ts', 'answers a stranger exactly as if nothing were there (I2)'),
      exported('an environment sees its own rows alone'),
    ),
  },
};
