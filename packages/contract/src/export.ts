import { type Static, Type } from 'typebox';

/** The header of an export that holds the cursor of the change feed. */
export const eventsCursorHeader = 'Crosswalk-Events-Cursor';

export const ExportFormat = Type.Enum(['ndjson', 'csv'], {
  default: 'ndjson',
  description:
    '`ndjson`: one row a line, exact, any kinds. `csv`: one kind, a column for each field, system and metadata key that is there; cells ' +
    "that a spreadsheet would take for a formula begin with `'`.",
});
export type ExportFormat = Static<typeof ExportFormat>;

export const ExportQuery = Type.Object(
  {
    format: Type.Optional(ExportFormat),
    kinds: Type.Optional(
      Type.String({
        minLength: 1,
        maxLength: 100,
        description:
          'Which rows, separated by commas: `permission`, `role`, `organization`, `user`, `membership`; left out: all. A CSV has one kind.',
        examples: ['organization,user'],
      }),
    ),
  },
  { additionalProperties: false },
);
