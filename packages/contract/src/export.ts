import { type Static, Type } from 'typebox';
import { FilterQuery, idSchema, SearchQuery } from './common.ts';
import { MembershipStatus } from './membership.ts';

/** The header of an export that holds the cursor of the change feed. */
export const eventsCursorHeader = 'Crosswalk-Events-Cursor';

export const ExportFormat = Type.Enum(['ndjson', 'csv'], {
  default: 'ndjson',
  description:
    '`ndjson`: one row a line, exact, any kinds. `csv`: one kind, a column for each field, system and metadata key that is there; cells ' +
    "that a spreadsheet would take for a formula begin with `'`.",
});
export type ExportFormat = Static<typeof ExportFormat>;

/** What narrows an export narrows rows of one kind, as it does the list of that kind. */
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
    filter: FilterQuery,
    query: Type.Optional({
      ...SearchQuery.properties.query,
      description: 'Of organizations or users: text that a name or an ID contains.',
    }),
    organization_id: Type.Optional(idSchema('org', 'Of memberships or users: only those of this organization.')),
    user_id: Type.Optional(idSchema('usr', 'Of memberships: only those of this user.')),
    membership_status: Type.Optional(MembershipStatus),
  },
  { additionalProperties: false },
);
export type ExportQuery = Static<typeof ExportQuery>;
