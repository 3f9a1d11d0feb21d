/**
 * RFC 3339 in UTC with milliseconds from PostgreSQL's text of a timestamptz, in its own form
 * (`2026-11-23 17:03:08.124567+00`) or that of JSON (`2026-11-23T17:03:08.124567+00:00`).
 */
export function isoTime(text: string): string {
  if (!text.endsWith('+00') && !text.endsWith('+00:00')) return new Date(text).toISOString();
  const fraction = text.charAt(19) === '.' ? text.slice(20, text.indexOf('+')) : '';
  return `${text.slice(0, 10)}T${text.slice(11, 19)}.${fraction.slice(0, 3).padEnd(3, '0')}Z`;
}
