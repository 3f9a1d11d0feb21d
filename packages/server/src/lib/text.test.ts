import { expect, test } from 'vitest';
import { ApiError } from './api-error.ts';
import { isStorable, pointsIn, requireText, type TextRule, textProblem } from './text.ts';

const rules: TextRule[] = ['data', 'name', 'identifier'];
const noControl = { description: 'must not contain control characters or line breaks', constraint: 'no_control' };
const noBidi = { description: 'must not contain characters that change the direction of text', constraint: 'no_bidi' };
const noInvisible = { description: 'must not contain invisible or direction-changing characters', constraint: 'no_invisible' };
const trimmed = { description: 'must not begin or end with white space', constraint: 'trimmed' };
const nfc = { description: 'must be in Unicode normal form NFC', constraint: 'nfc' };
const noNul = { description: 'must not contain NUL', constraint: 'no_nul' };
const wellFormed = { description: 'must not contain half of a surrogate pair', constraint: 'well_formed' };

/** What each rule says of a text: data, name, identifier. */
test.each<[name: string, text: string, problems: (object | undefined)[]]>([
  ['plain text', 'Ada Lovelace', [undefined, undefined, undefined]],
  ['an empty text', '', [undefined, undefined, undefined]],
  ['letters of any script', 'Zoë 例え 😀', [undefined, undefined, undefined]],
  ['NUL inside', 'a\0b', [noNul, noNul, noNul]],
  ['half a surrogate pair', 'a\ud800b', [wellFormed, wellFormed, wellFormed]],
  ['a line break', 'a\nb', [undefined, noControl, noControl]],
  ['DEL', 'a\u007fb', [undefined, noControl, noControl]],
  ['a control of C1', 'a\u0085b', [undefined, noControl, noControl]],
  ['a line separator', 'a\u2028b', [undefined, noControl, noControl]],
  ['a paragraph separator', 'a\u2029b', [undefined, noControl, noControl]],
  ...['\u202a', '\u202e', '\u2066', '\u2069'].map((control): [string, string, (object | undefined)[]] => [
    `the direction control ${control.charCodeAt(0).toString(16)}`,
    `a${control}b`,
    [undefined, noBidi, noInvisible],
  ]),
  ['an emoji of joined ones', '\u{1f469}\u200d\u{1f4bb}', [undefined, undefined, noInvisible]],
  ['a right-to-left mark', 'a\u200fb', [undefined, undefined, noInvisible]],
  ['white space in front', ' a', [undefined, undefined, trimmed]],
  ['white space behind', 'a\u00a0', [undefined, undefined, trimmed]],
  ['an accent apart from its letter', 'e\u0301', [undefined, undefined, nfc]],
])('%s (%j)', (_name, text, problems) => {
  expect(rules.map((rule) => textProblem(text, rule))).toEqual(problems);
});

test('what the database cannot hold is not looked for in it', () => {
  expect(['a', '\n', '\0', '\udc00'].map(isStorable)).toEqual([true, true, false, false]);
});

test('a text that breaks a rule is 400 with its field, and another is let through', () => {
  expect(() => requireText('a', 'name', 'display_name')).not.toThrow();
  expect(() => requireText('a\nb', 'name', 'display_name')).toThrow(ApiError);
  expect(() => requireText('a\nb', 'name', 'display_name')).toThrow(
    expect.objectContaining({
      code: 'INVALID_ARGUMENT',
      message: `display_name: ${noControl.description}`,
      detail: { violations: [{ field: 'display_name', ...noControl }] },
    }),
  );
});

test('length counts code points', () => {
  expect(['', 'abc', '😀😀', 'e\u0301'].map(pointsIn)).toEqual([0, 3, 2, 2]);
});
