import type { JsonValue, Metadata } from '@crosswalk/contract';
import { excerpt, invalid } from '../lib/api-error.ts';
import { type MetadataUpdate, metadataPatch, metadataReplacement } from './metadata.ts';

/*
 * Metadata for callers who only have a map of texts: the messages of Scalekit's clients. They read a text of every value, and send the
 * whole map to change a part of it. A text that came back as it was read keeps its value's type.
 */

/** Metadata as a map of texts: a text as it is, any other value as its JSON. */
export function metadataAsText(metadata: Metadata): Record<string, string> {
  return Object.fromEntries(Object.entries(metadata).map(([key, value]) => [key, textOf(value)]));
}

function textOf(value: JsonValue): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}

/**
 * An update by a map of texts: the map takes the place of all that is stored, and a text equal to that of the stored value leaves the
 * value as it is. An empty map changes nothing, as these clients send one when they mean none. 400 INVALID_METADATA.
 */
export function replaceByText(texts: Record<string, string>, field = 'metadata'): MetadataUpdate {
  checkTexts(texts, field);
  if (Object.keys(texts).length === 0) return metadataPatch(undefined);
  return (stored) => {
    const values = Object.entries(texts).map(([key, text]) => {
      const before = Object.hasOwn(stored, key) ? stored[key] : undefined;
      return [key, before !== undefined && textOf(before) === text ? before : text];
    });
    return metadataReplacement(Object.fromEntries(values));
  };
}

/** Refuses a text that is no value but the trace of one lost: what JavaScript makes of an object where a text is wanted. 400 with `code`. */
export function checkTexts(
  texts: Record<string, string>,
  field = 'metadata',
  code: 'INVALID_METADATA' | 'INVALID_ARGUMENT' = 'INVALID_METADATA',
): Record<string, string> {
  const lost = Object.entries(texts).find(([, text]) => text === '[object Object]');
  if (lost !== undefined) {
    const path = `${field}.${excerpt(lost[0])}`;
    const description =
      'is "[object Object]": your client made a text of an object and lost it; send JSON.stringify(value), or use an API with typed values';
    throw invalid(path, description, 'object_as_text', code);
  }
  return texts;
}
