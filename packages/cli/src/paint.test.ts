import { expect, test } from 'vitest';
import { Cli } from './cli.ts';
import { paint, showsColors } from './paint.ts';

test('what is printed for people has colours on a terminal, and none in a file or a pipe', () => {
  for (const [outShowsColors, shown] of [
    [true, '\u001b[31mnothing\u001b[39m'],
    [false, 'nothing'],
  ] as const) {
    let written = '';
    const out = (text: string) => {
      written += text;
    };
    new Cli({}, { out, err: () => {}, outShowsColors }).write(paint.red('nothing'));
    expect(written).toBe(shown);
  }
});

test.each([
  ['a terminal', { isTTY: true }, {}, true],
  ['a pipe', {}, {}, false],
  ['a pipe of a build that runs in CI', {}, { CI: '1', FORCE_COLOR: '1' }, false],
  ['a terminal with NO_COLOR', { isTTY: true }, { NO_COLOR: '1' }, false],
  ['a dumb terminal', { isTTY: true }, { TERM: 'dumb' }, false],
])('%s shows colours: %s %s %s', (_name, stream, env, expected) => {
  expect(showsColors(stream, env)).toBe(expected);
});
