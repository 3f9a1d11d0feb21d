/** A whole number from 1 to `max` of the command line; `fallback` where the option is not given. */
export function wholeNumber(option: string, text: string | undefined, fallback: number, max: number): number {
  if (text === undefined) return fallback;
  if (!/^[1-9][0-9]{0,9}$/.test(text) || Number(text) > max)
    throw new Error(`${option} must be a whole number from 1 to ${max}, not ${text}`);
  return Number(text);
}

/** The seed of random choices that `--seed` of the command line names, of 32 bits; without it another one each time, which `--seed` takes too. */
export function seedOf(text: string | undefined): number {
  return wholeNumber('--seed', text, 1 + Math.floor(Math.random() * 999_999_999), 4_294_967_295);
}

/**
 * What `--only` of the command line names, separated by commas, in any case of letters; all where it is not given. A name stands for what is
 * called so, or else for all that have it in their name, where a number is a whole one: `E` for E1 and E2, `look-up` for each look-up, `T1`
 * never for T13. A name that has a comma can be named alone. Throws for a name that there is not.
 */
export function onlyNamed<Item extends { name: string }>(text: string | undefined, items: readonly Item[]): readonly Item[] {
  if (text === undefined) return items;
  const called = (wanted: string) => items.filter(({ name }) => name.toLowerCase() === wanted);
  const parts = called(text.toLowerCase()).length > 0 ? [text] : text.split(',');
  const chosen = new Set<Item>();
  for (const wanted of parts.map((part) => part.trim().toLowerCase())) {
    const exact = called(wanted);
    const found = exact.length > 0 ? exact : items.filter(({ name }) => hasPart(name.toLowerCase(), wanted));
    if (found.length === 0)
      throw new Error(`--only: nothing is named ${wanted}; there are ${[...new Set(items.map((item) => item.name))].join(', ')}`);
    for (const item of found) chosen.add(item);
  }
  return items.filter((item) => chosen.has(item));
}

/** Whether a part is in a name and cuts no number of it in two. */
function hasPart(name: string, part: string): boolean {
  const [begin, end] = [name.indexOf(part), name.indexOf(part) + part.length];
  const isInNumber = (place: number) => /^[0-9]{2}$/.test(name.slice(Math.max(0, place - 1), place + 1));
  return part !== '' && begin !== -1 && !isInNumber(begin) && !isInNumber(end);
}
