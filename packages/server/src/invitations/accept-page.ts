import { createHash } from 'node:crypto';
import { fillHtml } from '../mail/index.ts';
import type { AcceptWords } from './accept-words.ts';
import { formatDate } from './invitation-mail.ts';

/** What the page shows; what is null is left out. */
export interface AcceptPage {
  locale: string;
  title: string;
  text: string | null;
  /** the address that is invited */
  email: string | null;
  until: string | null;
  /** a button that accepts, by POST to the address of the page itself */
  accept: string | null;
  hint: string | null;
  link: { url: string; label: string } | null;
}

const blank: Omit<AcceptPage, 'locale' | 'title'> = { text: null, email: null, until: null, accept: null, hint: null, link: null };

/** The open invitation, with the button. */
export function openPage(
  words: AcceptWords,
  { organization, email, expires }: { organization: string; email: string; expires: Date },
): AcceptPage {
  return {
    ...blank,
    locale: words.locale,
    title: insert(words.title, { organization }),
    text: words.invitation,
    email,
    until: insert(words.until, { expires: formatDate(expires, words.locale) }),
    accept: words.accept,
    hint: words.hint,
  };
}

/** After an acceptance, where there is no application to go to. */
export function joinedPage(words: AcceptWords, { organization, email }: { organization: string; email: string }): AcceptPage {
  return { ...blank, locale: words.locale, title: insert(words.joined, { organization }), text: insert(words.joinedText, { email }) };
}

/** A link that opens nothing, and why. `applicationUrl`: where the person may go instead. */
export function closedPage(words: AcceptWords, why: keyof AcceptWords['closed'], applicationUrl: string | null): AcceptPage {
  const link = applicationUrl === null ? null : { url: applicationUrl, label: words.goOn };
  return { ...blank, locale: words.locale, ...words.closed[why], link };
}

/** The server could not answer. */
export function failedPage(words: AcceptWords): AcceptPage {
  return { ...blank, locale: words.locale, ...words.failed };
}

/** Puts names into a sentence. In one pass: a name that has braces stays a name. */
function insert(sentence: string, names: Record<string, string>): string {
  return sentence.replace(/\{(\w+)\}/g, (whole, name: string) => names[name] ?? whole);
}

const style = `
:root { color-scheme: light dark; --ground: #f4f5f7; --card: #ffffff; --ink: #1c2330; --soft: #5b6475; --line: #dfe3ea; --accent: #1d4ed8; --on-accent: #ffffff; }
@media (prefers-color-scheme: dark) { :root { --ground: #11151c; --card: #1a202b; --ink: #eef1f6; --soft: #a3adbf; --line: #2d3646; --accent: #7ea6ff; --on-accent: #0d1524; } }
* { box-sizing: border-box; }
body { margin: 0; min-height: 100vh; min-height: 100dvh; display: grid; place-items: center; padding: 24px 16px; background: var(--ground); color: var(--ink); font: 16px/1.55 system-ui, -apple-system, "Segoe UI", Roboto, Arial, sans-serif; }
main { width: 100%; max-width: 440px; padding: 32px; background: var(--card); border: 1px solid var(--line); border-radius: 14px; }
h1 { margin: 0 0 16px; font-size: 1.5rem; line-height: 1.25; overflow-wrap: anywhere; text-wrap: balance; }
p { margin: 0 0 12px; }
.email { font-weight: 600; overflow-wrap: anywhere; }
.soft { color: var(--soft); font-size: .9rem; }
form { margin: 24px 0; }
button, .go { display: block; width: 100%; padding: 13px 20px; border: 0; border-radius: 9px; background: var(--accent); color: var(--on-accent); font: inherit; font-weight: 600; text-align: center; text-decoration: none; cursor: pointer; }
.go { margin-top: 24px; }
button:hover, .go:hover { filter: brightness(1.08); }
button:focus-visible, .go:focus-visible { outline: 3px solid var(--ink); outline-offset: 2px; }
p:last-child { margin-bottom: 0; }
@media (max-width: 400px) { main { padding: 24px 20px; } }
`;

/** For the policy of the page: this style and no other. */
const styleHash = createHash('sha256').update(style).digest('base64');

const template = `<!doctype html>
<html lang="{{locale}}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<title>{{title}}</title>
<style>${style}</style>
</head>
<body>
<main>
<h1>{{title}}</h1>
{{#text}}<p>{{text}}</p>{{/text}}
{{#email}}<p class="email">{{email}}</p>{{/email}}
{{#until}}<p class="soft">{{until}}</p>{{/until}}
{{#accept}}<form method="post"><button type="submit">{{accept}}</button></form>{{/accept}}
{{#hint}}<p class="soft">{{hint}}</p>{{/hint}}
{{#url}}<a class="go" href="{{url}}" rel="noreferrer">{{label}}</a>{{/url}}
</main>
</body>
</html>
`;

/** The page as HTML; every text in it is escaped. */
export function renderPage({ link, ...page }: AcceptPage): string {
  return fillHtml(template, { ...page, url: link?.url ?? null, label: link?.label ?? null });
}

/**
 * The headers of the page. Its address is a secret: it is not stored, not indexed, and told to nobody as a referrer. There is no script,
 * and no other page can show this one in a frame, to have its button pressed unseen. A browser applies `form-action` to where the form
 * leads in the end too, so the application's origin is there.
 */
export function pageHeaders(applicationUrl: string | null): Record<string, string> {
  const formAction = applicationUrl === null ? "'self'" : `'self' ${new URL(applicationUrl).origin}`;
  return {
    'content-type': 'text/html; charset=utf-8',
    'cache-control': 'no-store',
    'referrer-policy': 'no-referrer',
    'content-security-policy': `default-src 'none'; style-src 'sha256-${styleHash}'; form-action ${formAction}; base-uri 'none'; frame-ancestors 'none'`,
    'x-frame-options': 'DENY',
    'x-content-type-options': 'nosniff',
    'x-robots-tag': 'noindex',
    'cross-origin-opener-policy': 'same-origin',
  };
}
