import { type Static, Type } from 'typebox';
import { idSchema, System, Timestamp, Version } from './common.ts';

/** Limits of what is known of systems. */
export const systemLimits = {
  /** systems of one environment that something is known of */
  systems: 500,
  /** names of systems in use that a list adds */
  others: 1000,
  label: 100,
  urlPattern: 2048,
  idPattern: 255,
} as const;

export const SystemName = System;

const label = Type.Union([Type.String({ minLength: 1, maxLength: systemLimits.label }), Type.Null()], {
  description: 'Its name for people.',
  examples: ['Stripe'],
});
const urlPattern = Type.Union([Type.String({ minLength: 1, maxLength: systemLimits.urlPattern }), Type.Null()], {
  description: 'Where the system shows a record: an http or https address with `{id}` once, behind the host.',
  examples: ['https://dashboard.stripe.com/customers/{id}'],
});
const idPattern = Type.Union([Type.String({ minLength: 1, maxLength: systemLimits.idPattern }), Type.Null()], {
  description:
    'What its IDs look like: `*` stands for any text, `?` for one character, `#` for one digit. Advice for people: an ID that looks otherwise is shown so, and never refused.',
  examples: ['cus_*'],
});

const fields = { label, url_pattern: urlPattern, id_pattern: idPattern };

/** What is known of a system that external IDs come from. */
export const ExternalSystem = Type.Object({
  id: idSchema('sys', 'The ID of what is known of the system.'),
  environment_id: Type.String(),
  name: SystemName,
  ...fields,
  version: Version,
  create_time: Timestamp,
  update_time: Timestamp,
});
export type ExternalSystem = Static<typeof ExternalSystem>;

/** A system in a list. Of one that is only in use nothing is known but its name: the other fields are null. */
export const ListedSystem = Type.Object({
  id: Type.Union([ExternalSystem.properties.id, Type.Null()]),
  environment_id: Type.String(),
  name: SystemName,
  ...fields,
  version: Type.Union([Version, Type.Null()]),
  create_time: Type.Union([Timestamp, Type.Null()]),
  update_time: Type.Union([Timestamp, Type.Null()]),
  in_use: Type.Boolean({ description: 'Whether any record has an ID of it, or had one that still resolves.' }),
});
export type ListedSystem = Static<typeof ListedSystem>;

/** Body of PUT: the whole of what is known. What is left out is null. */
export const PutSystem = Type.Object(
  { label: Type.Optional(label), url_pattern: Type.Optional(urlPattern), id_pattern: Type.Optional(idPattern) },
  {
    additionalProperties: false,
    examples: [{ label: 'Stripe', url_pattern: 'https://dashboard.stripe.com/customers/{id}', id_pattern: 'cus_*' }],
  },
);
export type PutSystem = Static<typeof PutSystem>;

export const SystemAnswer = Type.Object({ system: ExternalSystem });
export type SystemAnswer = Static<typeof SystemAnswer>;

export const PutSystemAnswer = Type.Object({ system: ExternalSystem, created: Type.Boolean() });
export type PutSystemAnswer = Static<typeof PutSystemAnswer>;

/** By name. */
export const SystemList = Type.Object({ systems: Type.Array(ListedSystem) });
export type SystemList = Static<typeof SystemList>;
