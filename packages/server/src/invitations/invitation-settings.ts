import {
  type InvitationSettings,
  type InvitationTemplate,
  invitationLimits,
  invitationVariables,
  type UpdateInvitationSettings,
} from '@crosswalk/contract';
import { excerpt, invalid } from '../lib/api-error.ts';
import { requireText } from '../lib/text.ts';
import { checkTemplate } from '../mail/index.ts';
import type { StoredSettings } from './invitation-settings-store.ts';

/** The language of people whose own is unknown, until the environment says otherwise. */
export const defaultLocale = 'en';

/** The settings as they are answered: what is not set shows what holds then. */
export function settingsOf({
  applicationUrl,
  days,
  senderName,
  locale,
  templates,
  version,
  updateTime,
}: StoredSettings): InvitationSettings {
  return {
    application_url: applicationUrl,
    invitation_days: days ?? invitationLimits.defaultDays,
    sender_name: senderName,
    locale: locale ?? defaultLocale,
    templates,
    version,
    update_time: updateTime,
  };
}

/** The settings after a request: what it does not name stays, null is the default again. 400 names the field. */
export function patchSettings(before: StoredSettings, patch: UpdateInvitationSettings): StoredSettings {
  const { application_url: url, invitation_days: days, sender_name: sender, locale } = patch;
  if (typeof url === 'string') checkUrl(url);
  if (typeof sender === 'string') requireText(sender, 'name', 'sender_name');
  if (typeof locale === 'string') checkLocale(locale, 'locale');
  return {
    ...before,
    applicationUrl: url === undefined ? before.applicationUrl : url,
    days: days === undefined ? before.days : days,
    senderName: sender === undefined ? before.senderName : sender,
    locale: locale === undefined ? before.locale : locale,
    templates: patchTemplates(before.templates, patch.templates ?? {}),
  };
}

function patchTemplates(
  before: StoredSettings['templates'],
  patch: NonNullable<UpdateInvitationSettings['templates']>,
): StoredSettings['templates'] {
  const after = new Map(Object.entries(before));
  for (const [locale, template] of Object.entries(patch)) {
    checkLocale(locale, `templates.${excerpt(locale)}`);
    if (template === null) after.delete(locale);
    else after.set(locale, checkInvitationTemplate(template, `templates.${locale}.`));
  }
  if (after.size > invitationLimits.locales) {
    throw invalid('templates', `may have at most ${invitationLimits.locales} languages; there would be ${after.size}`, 'max_items');
  }
  return Object.fromEntries(after);
}

/** Holds a template to the rules; 400 INVALID_TEMPLATE names the field, prefixed with `prefix`. */
export function checkInvitationTemplate(template: InvitationTemplate, prefix: string): InvitationTemplate {
  const body = { variables: invitationVariables, required: 'accept_url' };
  // A subject is shown where a link must not be: in lists of messages, on locked screens.
  checkTemplate(template.subject, { variables: invitationVariables, forbidden: 'accept_url' }, `${prefix}subject`);
  requireText(template.subject, 'name', `${prefix}subject`);
  checkTemplate(template.text, body, `${prefix}text`);
  if (template.html !== null) checkTemplate(template.html, body, `${prefix}html`);
  return template;
}

/** Holds a language tag to the one spelling that it has (RFC 5646); 400 names the field. */
export function checkLocale(locale: string, field: string): void {
  const canonical = canonicalLocale(locale);
  if (canonical === undefined) throw invalid(field, 'must be a language tag such as de or pt-BR', 'locale');
  if (canonical !== locale) throw invalid(field, `must be written ${canonical}`, 'locale');
}

/** The one spelling of a language tag; undefined if it is none. */
export function canonicalLocale(locale: string): string | undefined {
  try {
    return Intl.getCanonicalLocales(locale)[0];
  } catch {
    return undefined;
  }
}

function checkUrl(text: string): void {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !['http:', 'https:'].includes(url.protocol) || /[\s\p{Cc}\\]/u.test(text)) {
    throw invalid('application_url', 'must be an http or https address such as https://app.example.com', 'url');
  }
  if (url.username !== '' || url.password !== '') throw invalid('application_url', 'must have no user name or password in it', 'url');
}
