import { cpus } from 'node:os';

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

/** What figures are of: the processor, Node, and PostgreSQL where its version is given. */
export function machine(postgres?: string): string {
  const [cpu] = cpus();
  const parts = [`${cpus().length} cores (${cpu?.model ?? 'unknown'})`, `Node ${process.versions.node}`];
  return [...parts, ...(postgres === undefined ? [] : [`PostgreSQL ${postgres}`])].join(', ');
}

/** Prints a line. */
export function say(line: string): void {
  process.stdout.write(`${line}\n`);
}
