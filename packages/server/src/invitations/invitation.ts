/** How long an invitation can be accepted, in days (as upstream: 15). */
export const invitationDays = 15;
