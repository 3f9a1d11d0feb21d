/** What a system that many have is like: a suggestion for a new one of this name. */
export interface KnownSystem {
  label: string;
  /** null: its addresses have a part of the account */
  url_pattern: string | null;
  /** null: its IDs have no form that tells them from others */
  id_pattern: string | null;
}

/** Suggestions by the name that such a system mostly has. */
export const knownSystems: Readonly<Record<string, KnownSystem>> = {
  stripe: { label: 'Stripe', url_pattern: 'https://dashboard.stripe.com/customers/{id}', id_pattern: 'cus_*' },
  // IDs of accounts begin with 001; the address has the name of the owner's own Salesforce.
  salesforce: { label: 'Salesforce', url_pattern: null, id_pattern: '001*' },
  hubspot: { label: 'HubSpot', url_pattern: null, id_pattern: '#*' },
  workday: { label: 'Workday', url_pattern: null, id_pattern: null },
  zendesk: { label: 'Zendesk', url_pattern: null, id_pattern: '#*' },
  intercom: { label: 'Intercom', url_pattern: null, id_pattern: null },
};

/**
 * Whether an ID looks as its system's pattern says: `*` stands for any text, `?` for one character, `#` for one digit from 0 to 9, all else
 * for itself. Never slow: it goes back to the last `*` only, so that time grows by the product of the two lengths at most.
 */
export function matchesIdPattern(pattern: string, value: string): boolean {
  const [wanted, given] = [Array.from(pattern), Array.from(value)];
  let [at, of] = [0, 0];
  let star: { at: number; of: number } | undefined;
  while (at < given.length) {
    const [sign, character] = [wanted[of], given[at]];
    if (sign === '*') {
      star = { at, of };
      of += 1;
    } else if (sign !== undefined && character !== undefined && matchesSign(sign, character)) {
      at += 1;
      of += 1;
    } else if (star !== undefined) {
      // The last star takes one character more.
      star.at += 1;
      at = star.at;
      of = star.of + 1;
    } else return false;
  }
  return wanted.slice(of).every((sign) => sign === '*');
}

function matchesSign(sign: string, character: string): boolean {
  return sign === '?' || (sign === '#' ? character >= '0' && character <= '9' : sign === character);
}

/** Where a system shows a record: the pattern with the ID in it, percent-encoded. */
export function systemUrl(urlPattern: string, id: string): string {
  return urlPattern.replace('{id}', () => encodeURIComponent(id));
}
