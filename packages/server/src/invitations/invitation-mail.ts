import type { InvitationPreview, InvitationTemplate } from '@crosswalk/contract';
import { fillHtml, fillText, type TemplateValues } from '../mail/index.ts';
import { builtInTemplates } from './built-in-templates.ts';
import { canonicalLocale, defaultLocale } from './invitation-settings.ts';
import type { StoredSettings } from './invitation-settings-store.ts';

/** What an invitation tells. */
export interface InvitationFacts {
  organizationName: string;
  inviteeEmail: string;
  inviteeName: string | null;
  inviterEmail: string | null;
  senderName: string | null;
  acceptUrl: string;
  expiresAt: Date;
}

/**
 * The mail of an invitation in the best language there is: that of the person, then that of the environment, then English; each as it is or
 * as its language without a region, and a template of the owner before a built-in one.
 */
export function invitationMail(
  facts: InvitationFacts,
  { templates, locale: ofEnvironment }: Pick<StoredSettings, 'templates' | 'locale'>,
  ofPerson: string | null,
): InvitationPreview {
  const wanted = [ofPerson, ofEnvironment, defaultLocale].flatMap((locale) => (locale === null ? [] : widening(locale)));
  const known = new Map([...Object.entries(builtInTemplates), ...Object.entries(templates)]);
  const locale = wanted.find((one) => known.has(one)) ?? defaultLocale;
  return fill(known.get(locale) ?? builtInTemplates.en, facts, locale);
}

/** The mail of an invitation by one template. `locale` is how its dates are written. */
export function fill({ subject, text, html }: InvitationTemplate, facts: InvitationFacts, locale: string): InvitationPreview {
  const values: TemplateValues = {
    organization_name: facts.organizationName,
    invitee_email: facts.inviteeEmail,
    invitee_name: facts.inviteeName,
    inviter_email: facts.inviterEmail,
    sender_name: facts.senderName,
    accept_url: facts.acceptUrl,
    expires_at: formatDate(facts.expiresAt, locale),
  };
  return {
    locale,
    subject: fillText(subject, values),
    text: fillText(text, values),
    html: html === null ? null : fillHtml(html, values),
  };
}

/** The date and the time of day, which stands with its zone as nobody knows that of the reader. */
export function formatDate(date: Date, locale: string): string {
  return new Intl.DateTimeFormat(locale, { dateStyle: 'long', timeStyle: 'short', timeZone: 'UTC' }).format(date).concat(' UTC');
}

/** A language tag and, after it, what it is a special case of: `de-AT`, then `de`. None when it is no tag. */
export function widening(locale: string): string[] {
  const canonical = canonicalLocale(locale);
  if (canonical === undefined) return [];
  const parts = canonical.split('-');
  return parts.map((_, index) => parts.slice(0, parts.length - index).join('-'));
}
