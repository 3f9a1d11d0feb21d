import { invalid } from './api-error.ts';

/**
 * RFC 3339 in UTC with milliseconds from PostgreSQL's text of a timestamptz, in its own form
 * (`2026-11-23 17:03:08.124567+00`) or that of JSON (`2026-11-23T17:03:08.124567+00:00`).
 */
export function isoTime(text: string): string {
  if (!text.endsWith('+00') && !text.endsWith('+00:00')) return new Date(text).toISOString();
  const fraction = text.charAt(19) === '.' ? text.slice(20, text.indexOf('+')) : '';
  return `${text.slice(0, 10)}T${text.slice(11, 19)}.${fraction.slice(0, 3).padEnd(3, '0')}Z`;
}

/** The moment that a field names; 400 when it names none. */
export function requireTime(field: string, text: string): Date {
  const time = parseTime(text);
  if (time === undefined) throw invalid(field, 'must be a time such as 2026-11-24T08:00:00Z', 'date_time');
  return time;
}

/** The moment that a text of RFC 3339 names, or undefined if it is none. What is finer than a millisecond is cut off. */
export function parseTime(text: string): Date | undefined {
  const parts = /^([0-9]{4})-([0-9]{2})-([0-9]{2})[Tt]([0-9]{2}):[0-9]{2}:[0-9]{2}(?:\.[0-9]{1,9})?(?:[Zz]|[+-][0-9]{2}:[0-9]{2})$/.exec(
    text,
  );
  if (parts === null) return undefined;
  const [year, month, day, hour] = parts.slice(1).map(Number);
  const time = new Date(text);
  if (Number.isNaN(time.getTime()) || year === undefined || month === undefined || day === undefined) return undefined;
  // Date takes 24 as an hour, 30 as a day of February, and by its offset a time of the year 10000, which RFC 3339 cannot write.
  const exists = hour !== 24 && day <= new Date(Date.UTC(year, month, 0)).getUTCDate() && time.getUTCFullYear() <= 9999;
  return exists ? time : undefined;
}
