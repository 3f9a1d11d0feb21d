import type { LinkState } from './invitation-link.ts';
import { widening } from './invitation-mail.ts';

/** What the page says in one language. `{name}` stands for what the invitation says. */
export interface AcceptWords {
  locale: string;
  /** the open invitation */
  title: string;
  invitation: string;
  until: string;
  accept: string;
  hint: string;
  /** after it was accepted */
  joined: string;
  joinedText: string;
  goOn: string;
  /** every other state; UNKNOWN: no such link was ever sent */
  closed: Record<Exclude<LinkState, 'PENDING'> | 'UNKNOWN', { title: string; text: string }>;
  failed: { title: string; text: string };
}

const english: AcceptWords = {
  locale: 'en',
  title: 'Join {organization}',
  invitation: 'This invitation is for',
  until: 'It is open until {expires}.',
  accept: 'Accept the invitation',
  hint: 'Not your address? Then close this page: nothing happens until you accept.',
  joined: 'You have joined {organization}',
  joinedText: '{email} is a member now. You can close this page.',
  goOn: 'Continue',
  closed: {
    ACCEPTED: { title: 'This invitation was accepted already', text: 'A link works once. If that was you, sign in as usual.' },
    REVOKED: { title: 'This invitation was taken back', text: 'Ask whoever invited you for a new one.' },
    EXPIRED: { title: 'This invitation has expired', text: 'Ask whoever invited you to send it again.' },
    SUPERSEDED: {
      title: 'There is a newer link',
      text: 'A newer message with another link was sent, or your address was changed. Use the newest message.',
    },
    GONE: { title: 'This invitation does not exist any more', text: 'Ask whoever invited you for a new one.' },
    UNKNOWN: { title: 'This link opens nothing', text: 'It may have been cut off on the way: copy all of it from the message.' },
  },
  failed: { title: 'That did not work', text: 'Try again in a moment. Nothing has changed.' },
};

const german: AcceptWords = {
  locale: 'de',
  title: '{organization} beitreten',
  invitation: 'Diese Einladung gilt für',
  until: 'Sie kann bis {expires} angenommen werden.',
  accept: 'Einladung annehmen',
  hint: 'Nicht Ihre Adresse? Dann schließen Sie diese Seite: Ohne Ihre Annahme geschieht nichts.',
  joined: 'Sie sind jetzt Mitglied von {organization}',
  joinedText: '{email} ist jetzt Mitglied. Sie können diese Seite schließen.',
  goOn: 'Weiter',
  closed: {
    ACCEPTED: {
      title: 'Diese Einladung wurde schon angenommen',
      text: 'Ein Link gilt einmal. Waren Sie es selbst, melden Sie sich wie gewohnt an.',
    },
    REVOKED: { title: 'Diese Einladung wurde zurückgenommen', text: 'Bitten Sie um eine neue, wo Sie eingeladen wurden.' },
    EXPIRED: { title: 'Diese Einladung ist abgelaufen', text: 'Bitten Sie darum, sie noch einmal zu senden.' },
    SUPERSEDED: {
      title: 'Es gibt einen neueren Link',
      text: 'Eine neuere Nachricht mit einem anderen Link wurde gesendet, oder Ihre Adresse wurde geändert. Nehmen Sie die neueste Nachricht.',
    },
    GONE: { title: 'Diese Einladung gibt es nicht mehr', text: 'Bitten Sie um eine neue, wo Sie eingeladen wurden.' },
    UNKNOWN: {
      title: 'Dieser Link öffnet nichts',
      text: 'Vielleicht ist ein Teil unterwegs verloren gegangen: Kopieren Sie den ganzen Link aus der Nachricht.',
    },
  },
  failed: { title: 'Das hat nicht geklappt', text: 'Versuchen Sie es gleich noch einmal. Es hat sich nichts geändert.' },
};

const known = new Map([english, german].map((words) => [words.locale, words]));

/** The words of the first language that the page has: of the person, of the environment, English. */
export function wordsFor(...locales: (string | null)[]): AcceptWords {
  const wanted = locales.flatMap((locale) => (locale === null ? [] : widening(locale)));
  return wanted.map((locale) => known.get(locale)).find((words) => words !== undefined) ?? english;
}
