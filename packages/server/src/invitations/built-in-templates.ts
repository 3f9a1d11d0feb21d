import type { InvitationTemplate } from '@crosswalk/contract';

/** What differs from language to language in a built-in template. Texts are Mustache; those of the HTML are escaped by hand. */
interface Words {
  locale: string;
  subject: string;
  greeting: string;
  invited: string;
  invitedBy: string;
  accept: string;
  until: string;
  ignore: string;
}

const english: Words = {
  locale: 'en',
  subject: 'You are invited to {{organization_name}}',
  greeting: 'Hello{{#invitee_name}} {{invitee_name}}{{/invitee_name}},',
  invited: 'you are invited to join {{organization_name}}.',
  invitedBy: '{{inviter_email}} invites you to join {{organization_name}}.',
  accept: 'Accept the invitation',
  until: 'The invitation is for {{invitee_email}} and is open until {{expires_at}}.',
  ignore: 'If you did not expect it, you can ignore this message: nothing happens until you accept.',
};

const german: Words = {
  locale: 'de',
  subject: 'Einladung zu {{organization_name}}',
  greeting: 'Guten Tag{{#invitee_name}} {{invitee_name}}{{/invitee_name}},',
  invited: 'Sie sind eingeladen, {{organization_name}} beizutreten.',
  invitedBy: '{{inviter_email}} lädt Sie ein, {{organization_name}} beizutreten.',
  accept: 'Einladung annehmen',
  until: 'Die Einladung gilt für {{invitee_email}} und kann bis {{expires_at}} angenommen werden.',
  ignore: 'Wenn Sie nicht damit gerechnet haben, brauchen Sie nichts zu tun: Ohne Ihre Annahme geschieht nichts.',
};

/** The built-in templates, by language. */
export const builtInTemplates = { en: templateOf(english), de: templateOf(german) } satisfies Record<string, InvitationTemplate>;

function templateOf({ locale, subject, greeting, invited, invitedBy, accept, until, ignore }: Words): InvitationTemplate {
  const sentence = `{{#inviter_email}}${invitedBy}{{/inviter_email}}{{^inviter_email}}${invited}{{/inviter_email}}`;
  return {
    subject,
    text: `${greeting}

${sentence}

${accept}:
{{accept_url}}

${until}
${ignore}
`,
    // Styles are inline and few, as mail programs drop others; colours are those of the reader's own scheme but for the button.
    html: `<!doctype html>
<html lang="${locale}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${subject}</title>
</head>
<body style="margin:0;padding:32px 16px;font-family:system-ui,-apple-system,'Segoe UI',Roboto,Arial,sans-serif;font-size:16px;line-height:1.55">
<div style="max-width:520px;margin:0 auto">
<p style="margin:0 0 16px">${greeting}</p>
<p style="margin:0 0 24px">${sentence}</p>
<p style="margin:0 0 24px"><a href="{{accept_url}}" style="display:inline-block;padding:12px 22px;border-radius:8px;background:#1d4ed8;color:#ffffff;font-weight:600;text-decoration:none">${accept}</a></p>
<p style="margin:0 0 8px;font-size:14px;opacity:.8">${until}</p>
<p style="margin:0 0 24px;font-size:14px;opacity:.8">${ignore}</p>
<p style="margin:0;font-size:13px;opacity:.7;word-break:break-all">{{accept_url}}</p>
</div>
</body>
</html>
`,
  };
}
