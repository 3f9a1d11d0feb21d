import { type Static, Type } from 'typebox';
import { ExternalId, MatchedBy, System, Timestamp } from './common.ts';
import { rekeyLimit, resolveLimit } from './limits.ts';

/** The kinds of record that have external IDs. */
export const RecordKind = Type.Enum(['organization', 'user']);
export type RecordKind = Static<typeof RecordKind>;

/** One question of a resolve: a bare string is tried as everything it can be. */
const ResolveItem = Type.Union([
  Type.String({ minLength: 1, maxLength: 255 }),
  Type.Object(
    {
      value: Type.String({ minLength: 1, maxLength: 255 }),
      kind: Type.Optional(RecordKind),
      system: Type.Optional(System),
    },
    { additionalProperties: false },
  ),
]);

export const ResolveRequest = Type.Object(
  { ids: Type.Array(ResolveItem, { minItems: 1, maxItems: resolveLimit }) },
  {
    additionalProperties: false,
    examples: [{ ids: ['CUST-12345-ACME', 'john.doe@company.com', { value: 'cus_Nffrf1gZ0uCj2f', system: 'stripe' }] }],
  },
);
export type ResolveRequest = Static<typeof ResolveRequest>;

/** One record an ID leads to. */
export const ResolveMatch = Type.Object({
  kind: RecordKind,
  id: Type.String(),
  matched_by: MatchedBy,
  system: Type.Union([Type.String(), Type.Null()], { description: 'The system of the external ID; null for the primary one.' }),
  external_id: Type.Union([Type.String(), Type.Null()], { description: 'The current external ID of that system.' }),
  display_name: Type.String({ description: 'Name of the organization or address of the user.' }),
  alias_expires_at: Type.Optional(Timestamp),
});
export type ResolveMatch = Static<typeof ResolveMatch>;

/** In the order asked. `matches` is empty when nothing has the ID, and has several when several systems use it. */
export const ResolveAnswer = Type.Object({
  results: Type.Array(Type.Object({ value: Type.String(), matches: Type.Array(ResolveMatch) })),
});
export type ResolveAnswer = Static<typeof ResolveAnswer>;

/** The most aliases of a record that are answered: more than a record comes to have within the life of one. */
export const aliasLimit = 1000;

/** An external ID that a record used to have and that leads to it still. */
export const Alias = Type.Object({
  system: Type.Union([Type.String(), Type.Null()], { description: 'The system of the external ID; null for the primary one.' }),
  value: Type.String(),
  expires_at: { ...Timestamp, description: 'When it ends, unless another record claims it before.' },
});
export type Alias = Static<typeof Alias>;

export const AliasList = Type.Object({ aliases: Type.Array(Alias, { maxItems: aliasLimit }) });
export type AliasList = Static<typeof AliasList>;

export const RekeyRequest = Type.Object(
  {
    kind: RecordKind,
    system: Type.Optional(System),
    pairs: Type.Array(Type.Object({ from: ExternalId, to: ExternalId }, { additionalProperties: false }), {
      minItems: 1,
      maxItems: rekeyLimit,
    }),
    dry_run: Type.Optional(Type.Boolean({ default: false, description: 'Check everything and change nothing.' })),
  },
  {
    additionalProperties: false,
    examples: [
      {
        kind: 'organization',
        pairs: [
          { from: 'CUST-1', to: 'CUST-2' },
          { from: 'CUST-2', to: 'CUST-1' },
        ],
      },
    ],
  },
);
export type RekeyRequest = Static<typeof RekeyRequest>;

export const RekeyAnswer = Type.Object({
  rekeyed: Type.Integer({ description: 'Records whose ID changed, or would change.' }),
  unchanged: Type.Integer({ description: 'Pairs whose old and new ID are the same.' }),
  dry_run: Type.Boolean(),
});
export type RekeyAnswer = Static<typeof RekeyAnswer>;
