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

/** Prints a line. */
export function say(line: string): void {
  process.stdout.write(`${line}\n`);
}
