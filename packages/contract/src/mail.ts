import { type Static, Type } from 'typebox';
import { idSchema, PageQuery, pageOf, Timestamp } from './common.ts';

/** The life of a message: QUEUED until it is SENT or KEPT, or has FAILED, or is DROPPED as there is nothing left to say. */
export const MessageState = Type.Enum(['QUEUED', 'SENT', 'FAILED', 'KEPT', 'DROPPED'], {
  description:
    '`QUEUED`: it is sent, or tried again, at `next_attempt_at`. `SENT`: the mail server has taken it. `FAILED`: given up, see ' +
    '`last_error`. `KEPT`: no mail server is set, so it can be read here. `DROPPED`: before it was sent there was nothing left to say.',
});
export type MessageState = Static<typeof MessageState>;

const optionalText = (description: string) => Type.Union([Type.String(), Type.Null()], { description });

/** A mail that Crosswalk sends, or would. */
export const Message = Type.Object({
  id: idSchema('msg', 'The ID Crosswalk gave the message; part of its Message-ID, which is the same at each attempt.'),
  state: MessageState,
  organization_id: Type.String(),
  user_id: Type.String(),
  to: Type.String({ description: 'The address, as it was when the message was asked for.' }),
  locale: optionalText('The language it is written in; null until it is.'),
  subject: optionalText('Null until it is written.'),
  text: optionalText('The plain text of a message that is kept; null of every other, as it has a link that opens the invitation.'),
  html: optionalText('The HTML of a message that is kept; null of every other.'),
  attempts: Type.Integer({ description: 'How often it was given to the mail server.' }),
  last_error: optionalText('What the last attempt failed of, or why the message was dropped.'),
  next_attempt_at: Type.Union([Timestamp, Type.Null()]),
  sent_at: Type.Union([Timestamp, Type.Null()]),
  created_at: Timestamp,
});
export type Message = Static<typeof Message>;

export const MessagePage = pageOf('messages', Message);
export type MessagePage = Static<typeof MessagePage>;

export const ListMessagesQuery = Type.Object(
  {
    ...PageQuery,
    state: Type.Optional(MessageState),
    organization_id: Type.Optional(idSchema('org', 'Only messages about this organization.')),
    user_id: Type.Optional(idSchema('usr', 'Only messages to this user.')),
  },
  { additionalProperties: false },
);
