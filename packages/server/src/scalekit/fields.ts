import { type Timestamp, timestampDate, timestampFromDate } from '@bufbuild/protobuf/wkt';
import { SearchQuery } from '@crosswalk/contract';
import { invalid } from '../lib/api-error.ts';
import { parser } from './parse.ts';

/*
 * What the fields of these messages mean: a text, list or map without presence that is empty was not sent; a text with presence that
 * is empty clears, as there is no null.
 */

const checkSearch = parser(SearchQuery);

/** A field without presence: undefined when it is empty, as that is what a client sends that means none. */
export function sent<Value extends string | readonly unknown[] | Record<string, unknown>>(value: Value): Value | undefined {
  const size = typeof value === 'string' || Array.isArray(value) ? value.length : Object.keys(value).length;
  return size === 0 ? undefined : value;
}

/** A text with presence: null when it is there but empty. */
export function emptyClears(text: string | undefined): string | null | undefined {
  return text === '' ? null : text;
}

/** A message that must be there; 400 names the field. */
export function required<Message>(message: Message | undefined, field: string): Message {
  if (message === undefined) throw invalid(field, 'is required', 'required');
  return message;
}

/** RFC 3339 as answers carry it, as a message. */
export function timestamp(time: string): Timestamp {
  return timestampFromDate(new Date(time));
}

/** The same for a time that may not be. */
export function optionalTimestamp(time: string | null): Timestamp | undefined {
  return time === null ? undefined : timestamp(time);
}

/** The seconds since 1970 that a google.protobuf.Timestamp may have: the years 1 to 9999. */
const timestampSeconds = { min: -62_135_596_800n, max: 253_402_300_799n };

/** A time of a message as RFC 3339; 400 names the field when it is beyond what google.protobuf.Timestamp allows. */
export function timeText(time: Timestamp | undefined, field: string): string | undefined {
  if (time === undefined) return undefined;
  const { seconds, nanos } = time;
  if (seconds < timestampSeconds.min || seconds > timestampSeconds.max) throw invalid(field, 'must be of the years 1 to 9999', 'date_time');
  if (nanos < 0 || nanos > 999_999_999) throw invalid(field, 'must have 0 to 999,999,999 nanoseconds', 'date_time');
  return timestampDate(time).toISOString();
}

/** The text of a search, held to what REST takes; 400 names the field. */
export function searchText(query: string): string {
  return checkSearch({ query }).query;
}
