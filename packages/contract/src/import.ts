import { type Static, Type } from 'typebox';
import { idSchema, PageQuery, pageOf, systemForm, Timestamp, textOf } from './common.ts';
import { rowKinds } from './kinds.ts';

export const ImportId = idSchema('imp', 'The ID Crosswalk gave the import.');

export const ImportState = Type.Enum(['RECEIVING', 'QUEUED', 'RUNNING', 'DONE', 'FAILED', 'CANCELED'], {
  description: 'DONE: every row was looked at; some may be rejected. FAILED: `error` tells why.',
});
export type ImportState = Static<typeof ImportState>;

const count = (description: string) => Type.Integer({ minimum: 0, description });

/** What became of the rows of one kind. */
export const ImportCounts = Type.Object({
  created: count('Records that are new.'),
  updated: count('Records that the row changed.'),
  unchanged: count('Records that are as the row says already.'),
  conflicts: count("Rejected: what they name is another record's, or `mode` forbids them."),
  invalid: count('Rejected: they break a rule, or refer to what is not there.'),
});
export type ImportCounts = Static<typeof ImportCounts>;

export const RowKind = Type.Enum(rowKinds);
export type RowKind = Static<typeof RowKind>;

const options = {
  kind: Type.Union([RowKind, Type.Null()], { description: 'The kind of every row of a CSV file that has no column `kind`.' }),
  mode: Type.Enum(['upsert', 'create_only', 'update_only'], {
    default: 'upsert',
    description: '`create_only` rejects rows whose record is there, `update_only` those whose record is not.',
  }),
  match_by: textOf(
    // Its words have the form of the name of a system.
    { pattern: systemForm.pattern, rule: 'must be any, external_id, email, or the name of a system such as stripe' },
    {
      default: 'any',
      description:
        'What a row of an organization or a user finds its record by, unless it names it by `id`. `any`: by each of its external IDs, then by the ' +
        'address. `external_id`, `email` (users alone) or the name of a system, such as `stripe`: by that alone. What it carries besides and another ' +
        'record has is a conflict then, and a row without it is rejected.',
      examples: ['external_id'],
    },
  ),
  on_conflict: Type.Enum(['reject', 'leave'], {
    default: 'reject',
    description:
      'A row with an external ID or slug that another record has: `reject` the row, or `leave` the ID to that record and take the rest of the row.',
  }),
  dry_run: Type.Boolean({ default: false, description: 'Count and show what would happen; write nothing.' }),
  atomic: Type.Boolean({ default: false, description: 'All or nothing: a single rejected row undoes everything.' }),
  send_invitations: Type.Boolean({
    default: false,
    description: 'New memberships without a status are invited by mail. Otherwise they are active at once, and nobody is sent anything.',
  }),
  unescape_formulas: Type.Boolean({
    default: false,
    description: 'CSV: takes the apostrophe from cells that begin with one before = + - @, as exports put it there for spreadsheets.',
  }),
};

/** The query of a new import. */
export const ImportQuery = Type.Object(
  {
    format: Type.Optional(Type.Enum(['ndjson', 'csv'], { description: 'Left out, the Content-Type tells.' })),
    kind: Type.Optional(RowKind),
    mode: Type.Optional(options.mode),
    match_by: Type.Optional(options.match_by),
    on_conflict: Type.Optional(options.on_conflict),
    dry_run: Type.Optional(options.dry_run),
    atomic: Type.Optional(options.atomic),
    send_invitations: Type.Optional(options.send_invitations),
    unescape_formulas: Type.Optional(options.unescape_formulas),
  },
  { additionalProperties: false },
);
export type ImportQuery = Static<typeof ImportQuery>;

export const ImportOptions = Type.Object(options);
export type ImportOptions = Static<typeof ImportOptions>;

const line = Type.Integer({ minimum: 1, description: 'The line of the file that the row begins at; the first is 1.' });

/** A difference that a dry run found. */
export const ImportSample = Type.Object({
  line,
  kind: RowKind,
  id: Type.Union([Type.String(), Type.Null()], { description: 'The record; null: it would be new.' }),
  changed: Type.Unsafe<Record<string, [unknown, unknown]>>(
    Type.Record(Type.String(), Type.Array(Type.Unknown()), { description: 'Path to [old, new]; null stands for absent.' }),
  ),
});
export type ImportSample = Static<typeof ImportSample>;

/** What became of the records of one kind. */
export const UndoCounts = Type.Object({
  removed: count('Records that the import had made.'),
  restored: count('Records that have again what they had before the import.'),
  left: count('Records that were left alone; `/left` lists them.'),
});
export type UndoCounts = Static<typeof UndoCounts>;

/** The undo of an import: what it did to records that nobody has changed since is taken back. */
export const ImportUndo = Type.Object({
  state: Type.Enum(['QUEUED', 'RUNNING', 'DONE', 'FAILED', 'CANCELED'], {
    description: 'DONE: every record was looked at; some may be left. FAILED and CANCELED: ask for it again to go on with the rest.',
  }),
  rows_total: count('Rows of the import that changed something.'),
  rows_done: count('Rows that were undone or left: the rows of one record count together.'),
  counts: Type.Object({ organization: UndoCounts, user: UndoCounts, membership: UndoCounts, role: UndoCounts, permission: UndoCounts }),
  error: Type.Union([Type.Object({ error_code: Type.String(), message: Type.String() }), Type.Null()]),
  create_time: Timestamp,
  finish_time: Type.Union([Timestamp, Type.Null()]),
});
export type ImportUndo = Static<typeof ImportUndo>;

/** A file of rows and what became of it. */
export const Import = Type.Object({
  id: ImportId,
  environment_id: Type.String(),
  state: ImportState,
  format: Type.Enum(['ndjson', 'csv']),
  options: ImportOptions,
  bytes: count('Size of the file as far as it has come.'),
  rows_total: count('Rows of the file as far as it has come.'),
  rows_done: count('Rows that were looked at.'),
  rows_rejected: count('Rows that did not go in: `/errors` lists them, `/rejected` gives them back.'),
  counts: Type.Object(
    {
      organization: ImportCounts,
      user: ImportCounts,
      membership: ImportCounts,
      role: ImportCounts,
      permission: ImportCounts,
      unknown: ImportCounts,
    },
    { description: 'By kind; `unknown` are rows that could not be read.' },
  ),
  samples: Type.Array(ImportSample, { description: 'Of a dry run: the first differences.' }),
  error: Type.Union([Type.Object({ error_code: Type.String(), message: Type.String() }), Type.Null()], {
    description: 'Why it failed.',
  }),
  undo: Type.Union([ImportUndo, Type.Null()], { description: 'Null: nobody has asked for it.' }),
  create_time: Timestamp,
  start_time: Type.Union([Timestamp, Type.Null()]),
  finish_time: Type.Union([Timestamp, Type.Null()]),
});
export type Import = Static<typeof Import>;

export const ImportAnswer = Type.Object({ import: Import });
export type ImportAnswer = Static<typeof ImportAnswer>;

export const ImportPage = pageOf('imports', Import);
export type ImportPage = Static<typeof ImportPage>;

export const ListImportsQuery = Type.Object({ ...PageQuery }, { additionalProperties: false });

/** Why a row was rejected. */
export const ImportRowError = Type.Object({
  line,
  kind: Type.Union([RowKind, Type.Null()]),
  field: Type.String({ description: 'Path of the field within the row; `row` when it is about the whole.' }),
  error_code: Type.String(),
  message: Type.String(),
});
export type ImportRowError = Static<typeof ImportRowError>;

export const ImportErrorsQuery = Type.Object(
  {
    after: Type.Optional(Type.Integer({ minimum: 0, description: 'Only rows beyond this line: `next_after` of the answer before.' })),
    limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 1000, default: 100 })),
  },
  { additionalProperties: false },
);

/** A record that the undo of an import left alone. */
export const ImportLeft = Type.Object({
  line: Type.Integer({ minimum: 1, description: 'The line of the last row about the record.' }),
  kind: RowKind,
  id: Type.String({ description: 'The record.' }),
  reason: Type.Enum(['changed', 'gone', 'in_use', 'conflict'], {
    description:
      '`changed`: since the import, or between its rows. `gone`: removed since. `in_use`: something made since would go with it. ' +
      '`conflict`: what it had is no longer free, or no longer there.',
  }),
  message: Type.String(),
});
export type ImportLeft = Static<typeof ImportLeft>;

export const ImportLeftQuery = Type.Object(
  {
    after: Type.Optional(Type.Integer({ minimum: 0, description: 'Only records beyond this line: `next_after` of the answer before.' })),
    limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 1000, default: 100 })),
  },
  { additionalProperties: false },
);

export const ImportLeftAnswer = Type.Object({
  left: Type.Array(ImportLeft, { description: 'In the order of the file.' }),
  next_after: Type.Union([Type.Integer(), Type.Null()], { description: 'Null: there are no more.' }),
});
export type ImportLeftAnswer = Static<typeof ImportLeftAnswer>;

export const ImportErrorsAnswer = Type.Object({
  errors: Type.Array(ImportRowError, { description: 'In the order of the file.' }),
  next_after: Type.Union([Type.Integer(), Type.Null()], { description: 'Null: there are no more.' }),
});
export type ImportErrorsAnswer = Static<typeof ImportErrorsAnswer>;
