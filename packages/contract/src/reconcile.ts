import { type Static, Type } from 'typebox';
import { byKey, System } from './common.ts';
import { RecordKind } from './external-id.ts';
import { reconcileLimits } from './limits.ts';

/** One entry of the other system's list. Only `id` must be there; what is left out is not compared. */
const ReconcileItem = Type.Object(
  {
    id: Type.String({
      maxLength: 1024,
      description: 'The ID of the record in that system. One that no record can have, such as an empty one, is a finding.',
    }),
    email: Type.Optional(Type.Union([Type.String({ maxLength: 1024 }), Type.Null()], { description: 'Of a user: the address.' })),
    domain: Type.Optional(
      Type.Union([Type.String({ maxLength: 1024 }), Type.Null()], {
        description: 'Of an organization: a domain of its own, for suggestions.',
      }),
    ),
    name: Type.Optional(Type.Union([Type.String({ maxLength: 1024 }), Type.Null()], { description: 'The name people see.' })),
    fields: Type.Optional(
      byKey(Type.String(), Type.Unknown(), {
        description: 'What that system knows of the record, compared with metadata here; `null`: it has nothing.',
        maxProperties: reconcileLimits.fields,
      }),
    ),
  },
  { additionalProperties: false },
);
export type ReconcileItem = Static<typeof ReconcileItem>;

export const ReconcileRequest = Type.Object(
  {
    kind: RecordKind,
    system: Type.Optional({
      ...System,
      description: 'The name of that system, as in `external_ids`; left out: the list has your primary external IDs.',
    }),
    items: Type.Array(ReconcileItem, { maxItems: reconcileLimits.items, description: 'The whole list of that system.' }),
    map: Type.Optional(
      byKey(Type.String(), Type.String({ minLength: 1, maxLength: 128 }), {
        description:
          'Which metadata key each field is compared with. Fields that it does not name are not compared; left out, every field is ' +
          'compared with the key of its own name.',
      }),
    ),
  },
  {
    additionalProperties: false,
    examples: [
      {
        kind: 'organization',
        system: 'stripe',
        items: [
          { id: 'cus_Nffrf1gZ0uCj2f', name: 'Acme Corporation', domain: 'acme.example', fields: { plan: 'enterprise', seats: 250 } },
          { id: 'cus_QnVlqzLJ8Zb1aC', name: 'Globex' },
        ],
        map: { plan: 'plan_type', seats: 'seats' },
      },
    ],
  },
);
export type ReconcileRequest = Static<typeof ReconcileRequest>;

export const ReconcileQuery = Type.Object(
  {
    format: Type.Optional(
      Type.Enum(['json', 'import'], {
        default: 'json',
        description:
          '`json`: what differs. `import`: the rows (NDJSON) that mend it when they are imported: they link entries with one certain ' +
          'suggestion, set what differs and add what is missing here.',
      }),
    ),
  },
  { additionalProperties: false },
);

const count = (description: string) => Type.Integer({ description });
const index = Type.Integer({ description: 'The place of the entry in `items`, from 0.' });
const id = Type.String({ description: "The entry's ID in the other system." });
const recordId = Type.String({ description: 'The ID here.' });

/** A record that an entry may mean. */
export const ReconcileCandidate = Type.Object({
  record_id: recordId,
  display_name: Type.String({ description: 'Name of the organization or address of the user.' }),
  by: Type.Enum(['email', 'domain', 'name'], {
    description:
      '`email`: the address is theirs. `domain`: the organization owns it. `name`: the display name is the same but for the case of letters.',
  }),
  linked_as: Type.Union([Type.String(), Type.Null()], { description: 'The ID of that system that the record has already; null: none.' }),
});
export type ReconcileCandidate = Static<typeof ReconcileCandidate>;

/** What an entry and its record disagree in. */
const Differences = Type.Record(Type.String(), Type.Object({ here: Type.Unknown(), there: Type.Unknown() }), {
  description: 'By field: `name`, `email`, or `metadata.KEY`; null where one side has nothing.',
  examples: [{ 'metadata.seats': { here: 250, there: 300 } }],
});

/** Each list has the first 1,000; `counts` has all. */
export const ReconcileAnswer = Type.Object({
  kind: RecordKind,
  system: Type.Union([Type.String(), Type.Null()], { description: 'Null: the primary external IDs.' }),
  counts: Type.Object({
    items: count('Entries of the list.'),
    linked: count('Entries whose ID a record has here, also as an alias.'),
    missing_here: count('Entries whose ID no record has.'),
    missing_there: count('Records that have an ID of that system which the list does not have.'),
    linked_twice: count('Records that several entries lead to, and IDs that are in the list more than once.'),
    different: count('Linked entries of which a field, the name or the address differs.'),
    stale: count('Entries whose ID is an alias: the record has another ID of that system now.'),
    suggested: count('Entries that are missing here and may mean a record that is there.'),
    invalid: count('Entries that cannot be compared.'),
    mend: Type.Object(
      {
        link: count('Records that get their ID of that system.'),
        set: count('Linked records whose fields are set.'),
        add: count('Records that are made.'),
        left_out: count(
          'Entries that need a decision: no name or address to make a record of, several suggestions, linked twice, invalid.',
        ),
      },
      { description: 'What the rows of `format=import` do.' },
    ),
  }),
  missing_here: Type.Array(Type.Object({ index, id })),
  missing_there: Type.Array(Type.Object({ record_id: recordId, id: Type.String(), display_name: Type.String() })),
  linked_twice: Type.Array(
    Type.Object({
      record_id: Type.Union([Type.String(), Type.Null()], {
        description: 'The record they lead to; null: one ID, which nothing has here.',
      }),
      entries: Type.Array(Type.Object({ index, id })),
    }),
  ),
  different: Type.Array(Type.Object({ index, id, record_id: recordId, differences: Differences })),
  stale: Type.Array(Type.Object({ index, id, record_id: recordId, current_id: Type.Union([Type.String(), Type.Null()]) })),
  suggestions: Type.Array(Type.Object({ index, id, candidates: Type.Array(ReconcileCandidate) })),
  invalid: Type.Array(Type.Object({ index, id, reason: Type.String() })),
});
export type ReconcileAnswer = Static<typeof ReconcileAnswer>;
