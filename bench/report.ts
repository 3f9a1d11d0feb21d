/** Lines in columns, the first one the heading. */
export function columnsOf(lines: readonly (readonly string[])[]): string {
  const widths = lines[0]?.map((_, column) => Math.max(...lines.map((line) => line[column]?.length ?? 0))) ?? [];
  return lines
    .map((line) =>
      line
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

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

/** What `--only` of the command line names, separated by commas, in any case of letters; all where it is not given. Throws for a name that there is not. */
export function onlyNamed<Item extends { name: string }>(text: string | undefined, items: readonly Item[]): readonly Item[] {
  if (text === undefined) return items;
  const wanted = new Set(text.split(',').map((name) => name.trim().toLowerCase()));
  const known = new Set(items.map(({ name }) => name.toLowerCase()));
  for (const name of wanted)
    if (!known.has(name))
      throw new Error(`--only: nothing is named ${name}; there are ${[...new Set(items.map((item) => item.name))].join(', ')}`);
  return items.filter(({ name }) => wanted.has(name.toLowerCase()));
}

/** Prints a line. */
export function say(line: string): void {
  process.stdout.write(`${line}\n`);
}
