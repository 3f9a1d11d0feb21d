import { type Static, Type } from 'typebox';
import { idSchema, Timestamp, Version } from './common.ts';

/** Limits of the settings of invitations. */
export const invitationLimits = {
  /** days that an invitation is open, where neither it nor the environment says otherwise; as Scalekit */
  defaultDays: 15,
  /** days that an invitation may be open: a year */
  days: 365,
  /** languages that have a template of their own */
  locales: 20,
  /** characters of a subject: what a mail program shows */
  subject: 200,
  /** characters of the text and of the HTML of a template */
  body: 20_000,
} as const;

/** Days that an invitation is open. */
export const InvitationDays = Type.Integer({ minimum: 1, maximum: invitationLimits.days });

/** The names that a template may use. */
export const invitationVariables = [
  'organization_name',
  'invitee_email',
  'invitee_name',
  'inviter_email',
  'sender_name',
  'accept_url',
  'expires_at',
] as const;
export type InvitationVariable = (typeof invitationVariables)[number];

const locale = Type.String({
  minLength: 2,
  maxLength: 35,
  description: 'A BCP 47 language tag such as `de` or `pt-BR`.',
  examples: ['de'],
});

export const InvitationTemplate = Type.Object(
  {
    subject: Type.String({ minLength: 1, maxLength: invitationLimits.subject }),
    text: Type.String({ minLength: 1, maxLength: invitationLimits.body, description: 'Must contain `{{accept_url}}`.' }),
    html: Type.Union([Type.String({ minLength: 1, maxLength: invitationLimits.body }), Type.Null()], {
      description: 'Must contain `{{accept_url}}`; null: the mail is plain text. Every variable is escaped.',
    }),
  },
  {
    additionalProperties: false,
    description:
      `Mustache with these variables: ${invitationVariables.map((name) => `\`{{${name}}}\``).join(', ')}; ` +
      '`{{#name}}…{{/name}}` shows what is inside only when the variable has a value, `{{^name}}…{{/name}}` only when it has none.',
    examples: [{ subject: 'Join {{organization_name}}', text: 'Accept: {{accept_url}}', html: null }],
  },
);
export type InvitationTemplate = Static<typeof InvitationTemplate>;

/** What the invitations of an environment are like. */
export const InvitationSettings = Type.Object({
  application_url: Type.Union([Type.String(), Type.Null()], {
    description: 'Where people go when they have accepted; null: they stay on a page that says so.',
  }),
  invitation_days: InvitationDays,
  sender_name: Type.Union([Type.String(), Type.Null()], { description: 'The name that mails come from; null: that of `MAIL_FROM`.' }),
  locale: { ...locale, description: 'The language of mails to people whose own language is unknown or has no template.' },
  templates: Type.Record(Type.String(), InvitationTemplate, {
    description: 'Templates of your own, by language. For others there are built-in ones in English (`en`) and German (`de`).',
  }),
  version: Version,
  update_time: Type.Union([Timestamp, Type.Null()], { description: 'Null: nothing was ever set.' }),
});
export type InvitationSettings = Static<typeof InvitationSettings>;

export const UpdateInvitationSettings = Type.Object(
  {
    application_url: Type.Optional(
      Type.Union([Type.String({ minLength: 1, maxLength: 2048 }), Type.Null()], { description: 'An http or https address.' }),
    ),
    invitation_days: Type.Optional(Type.Union([InvitationDays, Type.Null()], { description: 'Null: 15.' })),
    sender_name: Type.Optional(Type.Union([Type.String({ minLength: 1, maxLength: 100 }), Type.Null()])),
    locale: Type.Optional(Type.Union([locale, Type.Null()], { description: 'Null: `en`.' })),
    templates: Type.Optional(
      Type.Record(Type.String(), Type.Union([InvitationTemplate, Type.Null()]), {
        description: 'By language; languages not named stay, null removes one.',
      }),
    ),
  },
  {
    additionalProperties: false,
    examples: [
      {
        application_url: 'https://app.example.com/welcome',
        invitation_days: 7,
        templates: { en: { subject: 'Join {{organization_name}}', text: 'Accept: {{accept_url}}', html: null } },
      },
    ],
  },
);
export type UpdateInvitationSettings = Static<typeof UpdateInvitationSettings>;

export const InvitationSettingsAnswer = Type.Object({ settings: InvitationSettings });
export type InvitationSettingsAnswer = Static<typeof InvitationSettingsAnswer>;

export const PreviewInvitation = Type.Object(
  {
    template: Type.Optional(InvitationTemplate),
    locale: Type.Optional(locale),
    organization_id: Type.Optional(idSchema('org', 'Whose name is shown; left out: a sample.')),
    user_id: Type.Optional(idSchema('usr', 'Whose name, address and language are used; left out: a sample.')),
  },
  {
    additionalProperties: false,
    examples: [{ locale: 'de', template: { subject: 'Komm zu {{organization_name}}', text: '{{accept_url}}', html: null } }],
  },
);
export type PreviewInvitation = Static<typeof PreviewInvitation>;

/** A mail as it would be sent. Its link opens nothing. */
export const InvitationPreview = Type.Object({
  locale: Type.String(),
  subject: Type.String(),
  text: Type.String(),
  html: Type.Union([Type.String(), Type.Null()]),
});
export type InvitationPreview = Static<typeof InvitationPreview>;

export const InvitationPreviewAnswer = Type.Object({ preview: InvitationPreview });
export type InvitationPreviewAnswer = Static<typeof InvitationPreviewAnswer>;
