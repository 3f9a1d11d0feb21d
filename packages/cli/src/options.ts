import { InvalidArgumentError } from 'commander';
import { UsageError } from './exit.ts';

/** One of the values that an option takes; a `UsageError` names them. */
export function oneOf<Value extends string>(option: string, text: string, values: readonly Value[]): Value {
  const value = values.find((one) => one === text);
  if (value === undefined) throw new UsageError(`${option} is one of ${values.join(', ')}`);
  return value;
}

/** The value of an option that is a whole number of at least `least`, and of at most `most` where there is one. */
export function wholeNumber(least: number, most?: number) {
  return (text: string): number => {
    const number = Number(text);
    if (!/^[0-9]+$/.test(text) || !Number.isSafeInteger(number) || number < least || (most !== undefined && number > most))
      throw new InvalidArgumentError(`It must be a whole number from ${least} ${most === undefined ? 'on' : `to ${most}`}.`);
    return number;
  };
}

/** The value of an option that may be given several times. */
export function collect(text: string, before: readonly string[] = []): string[] {
  return [...before, text];
}

/** Names with commas between. */
export function namesIn(text: string): string[] {
  return text
    .split(',')
    .map((name) => name.trim())
    .filter(Boolean);
}
