import { invalid } from './api-error.ts';

/** Why a text is refused: `constraint` is the broken rule in a word. */
export interface TextProblem {
  description: string;
  constraint: string;
}

/**
 * How strict to be. `data`: any text the database can hold. `name`: one line that people read, emoji sequences
 * and right-to-left scripts included. `identifier`: text that must look like what it is, compared byte by byte.
 */
export type TextRule = 'data' | 'name' | 'identifier';

/** What is wrong with a text under a rule, or undefined. Length is not checked here. */
export function textProblem(text: string, rule: TextRule): TextProblem | undefined {
  if (plain.test(text)) return undefined;
  // PostgreSQL refuses NUL, and stores a lone surrogate as U+FFFD, so that two different texts become one.
  if (text.includes('\0')) return { description: 'must not contain NUL', constraint: 'no_nul' };
  if (!text.isWellFormed()) return { description: 'must not contain half of a surrogate pair', constraint: 'well_formed' };
  if (rule === 'data') return undefined;
  if (/[\p{Cc}\p{Zl}\p{Zp}]/u.test(text))
    return { description: 'must not contain control characters or line breaks', constraint: 'no_control' };
  if (rule === 'name') {
    return bidiControls.test(text)
      ? { description: 'must not contain characters that change the direction of text', constraint: 'no_bidi' }
      : undefined;
  }
  if (/\p{Cf}/u.test(text))
    return { description: 'must not contain invisible or direction-changing characters', constraint: 'no_invisible' };
  if (text !== text.trim()) return { description: 'must not begin or end with white space', constraint: 'trimmed' };
  if (text !== text.normalize('NFC')) return { description: 'must be in Unicode normal form NFC', constraint: 'nfc' };
  return undefined;
}

/** What keeps every rule, told at once: nearly all identifiers are that. */
const plain = /^(?! )[\x20-\x7e]+(?<! )$/;

/** Whether the database can hold a text: what it cannot is the name of nothing in it. */
export function isStorable(text: string): boolean {
  return textProblem(text, 'data') === undefined;
}

/** Holds a text from outside to a rule; 400 names the field. */
export function requireText(text: string, rule: TextRule, field: string): void {
  const problem = textProblem(text, rule);
  if (problem !== undefined) throw invalid(field, problem.description, problem.constraint);
}

/** Embeddings, overrides and isolates: unbalanced, they reorder the text around them. */
const bidiControls = /[\u202a-\u202e\u2066-\u2069]/;

/** Code points in a text: what people count as its length, up to combining marks. */
export function pointsIn(text: string): number {
  let points = 0;
  for (const _ of text) points += 1;
  return points;
}
