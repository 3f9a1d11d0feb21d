import { type Static, Type } from 'typebox';

/** Largest `max_allowed_users`: what the 32-bit integer of Scalekit's wire holds. */
const maxUserLimit = 2_147_483_647;

/** Longest timeout of a session policy, in minutes: a year of 365 days, as upstream. */
export const maxSessionTimeout = 365 * 24 * 60;

export const FeatureName = Type.Enum(['sso', 'dir_sync']);
export type FeatureName = Static<typeof FeatureName>;

const Feature = Type.Object({ name: FeatureName, enabled: Type.Boolean() }, { additionalProperties: false });

/** How many users an organization may have. */
export const UserManagementSettings = Type.Object({
  max_allowed_users: Type.Optional(
    Type.Integer({
      minimum: 0,
      description: 'How many users may be active or invited at once; 0: no limit. Absent when no limit was ever set.',
    }),
  ),
});
export type UserManagementSettings = Static<typeof UserManagementSettings>;

export const SessionPolicySource = Type.Enum(['APPLICATION', 'CUSTOM'], {
  description: 'APPLICATION: the policy of all organizations applies. CUSTOM: the timeouts given here apply where they are stricter.',
});
export type SessionPolicySource = Static<typeof SessionPolicySource>;

/** Units in which a timeout may be sent. */
export const SessionTimeUnit = Type.Enum(['MINUTES', 'HOURS', 'DAYS']);
export type SessionTimeUnit = Static<typeof SessionTimeUnit>;

const Minutes = Type.Literal('MINUTES', { description: 'Answers are in minutes, whatever unit was sent.' });

/** When the sessions of an organization's users end. A field that was not set is absent, which is not the same as 0 or false. */
export const SessionPolicy = Type.Object({
  policy_source: SessionPolicySource,
  absolute_session_timeout: Type.Optional(Type.Integer({ description: 'Minutes after sign-in at which a session ends in any case.' })),
  absolute_session_timeout_unit: Type.Optional(Minutes),
  idle_session_timeout_enabled: Type.Optional(Type.Boolean({ description: 'Whether a session that is not used ends earlier.' })),
  idle_session_timeout: Type.Optional(Type.Integer({ description: 'Minutes without use after which a session ends.' })),
  idle_session_timeout_unit: Type.Optional(Minutes),
});
export type SessionPolicy = Static<typeof SessionPolicy>;

/** What an organization shows of its settings. */
export const OrganizationSettings = Type.Object({
  features: Type.Array(Feature, { description: 'Always `sso` and `dir_sync`, in this order.' }),
  user_management: UserManagementSettings,
  session_policy: SessionPolicy,
});
export type OrganizationSettings = Static<typeof OrganizationSettings>;

export const UpdateOrganizationSettings = Type.Object(
  { features: Type.Optional(Type.Array(Feature, { maxItems: 2, description: 'Features not named stay as they are.' })) },
  { additionalProperties: false, examples: [{ features: [{ name: 'sso', enabled: true }] }] },
);
export type UpdateOrganizationSettings = Static<typeof UpdateOrganizationSettings>;

export const UpsertUserManagementSettings = Type.Object(
  {
    settings: Type.Object(
      {
        max_allowed_users: Type.Optional(
          Type.Union([Type.Integer({ minimum: 0, maximum: maxUserLimit }), Type.Null()], {
            description:
              'How many users may be active or invited at once; 0: no limit; `null`: as if none had ever been set. ' +
              'A limit below the present number keeps everyone and lets nobody in.',
          }),
        ),
      },
      { additionalProperties: false },
    ),
  },
  { additionalProperties: false, examples: [{ settings: { max_allowed_users: 50 } }] },
);
export type UpsertUserManagementSettings = Static<typeof UpsertUserManagementSettings>;

export const UserManagementSettingsAnswer = Type.Object({ settings: UserManagementSettings });
export type UserManagementSettingsAnswer = Static<typeof UserManagementSettingsAnswer>;

const timeout = (description: string) =>
  Type.Optional(Type.Union([Type.Integer({ minimum: 0, maximum: maxSessionTimeout }), Type.Null()], { description }));
const unit = Type.Optional(
  Type.Enum(['MINUTES', 'HOURS', 'DAYS'], { default: 'MINUTES', description: 'Unit of the timeout beside it; goes only with it.' }),
);

export const UpdateSessionPolicy = Type.Object(
  {
    policy_source: Type.Optional(
      Type.Enum(['APPLICATION', 'CUSTOM'], {
        description: 'APPLICATION ends the organization’s own policy: its timeouts are removed, those in the same request included.',
      }),
    ),
    absolute_session_timeout: timeout('Time after sign-in at which a session ends in any case: at most a year; `null` unsets it.'),
    absolute_session_timeout_unit: unit,
    idle_session_timeout_enabled: Type.Optional(
      Type.Union([Type.Boolean(), Type.Null()], { description: 'Whether a session that is not used ends earlier; `null` unsets it.' }),
    ),
    idle_session_timeout: timeout(
      'Time without use after which a session ends: shorter than the absolute timeout, longer than an access token lives; `null` unsets it.',
    ),
    idle_session_timeout_unit: unit,
  },
  {
    additionalProperties: false,
    description: 'Fields not named stay.',
    examples: [
      {
        policy_source: 'CUSTOM',
        absolute_session_timeout: 8,
        absolute_session_timeout_unit: 'HOURS',
        idle_session_timeout_enabled: true,
        idle_session_timeout: 30,
        idle_session_timeout_unit: 'MINUTES',
      },
    ],
  },
);
export type UpdateSessionPolicy = Static<typeof UpdateSessionPolicy>;

export const SessionPolicyAnswer = Type.Object({ policy: SessionPolicy });
export type SessionPolicyAnswer = Static<typeof SessionPolicyAnswer>;

/** The session policy of every organization that has none of its own. All times in minutes. */
export const ApplicationSessionPolicy = Type.Object({
  absolute_session_timeout: Type.Integer(),
  absolute_session_timeout_unit: Minutes,
  idle_session_timeout_enabled: Type.Boolean(),
  idle_session_timeout: Type.Integer(),
  idle_session_timeout_unit: Minutes,
  access_token_expiry: Type.Integer({ description: 'Minutes that an access token of a session lives.' }),
});
export type ApplicationSessionPolicy = Static<typeof ApplicationSessionPolicy>;

export const ApplicationSessionPolicyAnswer = Type.Object({ application_policy: ApplicationSessionPolicy });
export type ApplicationSessionPolicyAnswer = Static<typeof ApplicationSessionPolicyAnswer>;
