import { type Static, Type } from 'typebox';
import { RecordKind } from './external-id.ts';

/** Limits of GET /api/v1/search. */
export const searchLimits = {
  /** code points of the text, white space at its ends aside */
  queryPoints: 255,
  /** matches in one answer */
  matches: { default: 10, max: 50 },
  /** code points that a text needs to be looked for within names: the index knows texts by runs of three */
  withinPoints: 3,
} as const;

export const SearchEverythingQuery = Type.Object(
  {
    q: Type.String({
      minLength: 1,
      maxLength: 1024,
      description:
        'An ID of any sort, an email address, a name or a metadata value; 1 to 255 characters, white space at either end does not count.',
      examples: ['cus_Nffrf1gZ0uCj2f'],
    }),
    limit: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: searchLimits.matches.max,
        default: searchLimits.matches.default,
        description: 'Records in the answer.',
      }),
    ),
  },
  { additionalProperties: false },
);

/** One record that a search found: the best of the reasons why. */
export const SearchMatch = Type.Object({
  kind: RecordKind,
  id: Type.String(),
  display_name: Type.String({ description: 'Name of the organization, or address of the user.' }),
  matched_by: Type.Enum(['id', 'external_id', 'alias', 'email', 'name', 'slug', 'metadata'], {
    description: '`alias`: an ID that the record used to have.',
  }),
  system: Type.Union([Type.String(), Type.Null()], { description: 'The system of the external ID; null for the primary one.' }),
  key: Type.Union([Type.String(), Type.Null()], {
    description: 'Where in the metadata, as a filter spells it: `plan`, `billing.contact`, `tags`; null when something else matched.',
  }),
  value: Type.String({ description: 'The text of the record that matched.' }),
  exact: Type.Boolean({ description: 'Whether the whole of it is what was asked for, and not only a part.' }),
  external_id: Type.Union([Type.String(), Type.Null()], { description: 'The primary external ID of the record.' }),
});
export type SearchMatch = Static<typeof SearchMatch>;

/** Each record once, the best first: exact ones, then those that begin with the text, then those that have it within. */
export const SearchAnswer = Type.Object({
  matches: Type.Array(SearchMatch),
  complete: Type.Boolean({
    description: 'False: looking within names was given up after a second; what is exact or begins with the text is here in any case.',
  }),
});
export type SearchAnswer = Static<typeof SearchAnswer>;
