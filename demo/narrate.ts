import pc from 'picocolors';

/** A heading of the story. */
export function say(text: string): void {
  process.stdout.write(`\n${pc.bold(text)}\n`);
}

/** What a step did. */
export function step(text: string): void {
  process.stdout.write(`    ${text}\n`);
}

/** A call, as code, before it is made. */
export function code(text: string): void {
  process.stdout.write(`  ${pc.cyan(`> ${text}`)}\n`);
}

/** What is for people who run the demo and no part of its story. */
export function note(text: string): void {
  process.stderr.write(`${text}\n`);
}
