import { type Chapter, row, server } from './chapter.ts';

const page = (title: string) => server('invitations/accept.test.ts', title);
const state = (title: string) => server('invitations/invitation-states.test.ts', title);

/** A: links of invitations. */
export const invitations: Chapter = {
  rows: {
    A1: row(
      'tokens that are unknown, short, edited, in another case, of a megabyte',
      '404 with one page',
      page('unknown, cut off, edited, in other case, with more behind it, of any length: 404 with one page (A1)'),
    ),
    A2: row(
      'accepted twice, a hundred at once, revoked, expired, replaced',
      'one success; 410',
      page('of a hundred at once one succeeds, and there is one event (A2)'),
      page('410 that says why: used, revoked, expired, replaced by a resend, sent to a former address, of a membership that ended'),
    ),
    A3: row(
      'GET and HEAD of scanners',
      'nothing changes',
      page('shows organization and address, escaped, and a button; GET and HEAD change nothing, however often (A3)'),
    ),
    A4: row(
      'another address than the invited one',
      'the link is bound to its address: 410 once it is another',
      page('410 that says why: used, revoked, expired, replaced by a resend, sent to a former address, of a membership that ended'),
    ),
    A6: row(
      'the same address twice, in another case, of a member; many a minute',
      'one is open; 409; 429',
      state('409 for the same address, in other case too, and for a member; a hundred at once make one'),
      server('scalekit/outages.test.ts', 'a client that makes too many calls is told at once, and does not repeat them'),
    ),
    A7: row(
      'the organization is deleted, a role is taken away',
      'refused; the role is not there',
      page('after the organization was deleted (A7)'),
      page('a role that was taken away before is not there afterwards (A7)'),
    ),
    A8: row(
      'a role beyond that of the inviter',
      'a client has no role, and invites with any',
      state('an API client has no roles of its own, so it may invite with any role there is (A8); `inviter_email` is told and not checked'),
    ),
    A9: row(
      'the referrer, the log',
      'the token is in neither',
      page('no script, no frame, no referrer, no copy; its style is the one that its policy knows (A9)'),
      page('the token is in no line of the log, whatever goes wrong with its link (A9)'),
    ),
  },
};
