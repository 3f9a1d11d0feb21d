import { stripVTControlCharacters } from 'node:util';
import pc from 'picocolors';

/** Colours of what a command prints for people. Always painted: the one who writes it to something that is no terminal takes them off. */
export const paint = pc.createColors(true);

/** Text without its colours. */
export const plain = stripVTControlCharacters;

/** Whether a stream shows colours: a terminal does, unless NO_COLOR is set (https://no-color.org) or it is a dumb one. */
export function showsColors(stream: { isTTY?: boolean }, env: Record<string, string | undefined>): boolean {
  return stream.isTTY === true && !env.NO_COLOR && env.TERM !== 'dumb';
}
