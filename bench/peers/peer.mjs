/** What a peer is given: `databaseUrl` (an empty database), `records`, `groups` that metadata divides them into, `port`. */
export const settings = JSON.parse(process.argv[2]);

/** Tells that the peer is ready, and ends it with the bench: when its standard input does. */
export async function serve(ready) {
  process.stdout.write(`\nREADY ${JSON.stringify(ready)}\n`);
  process.stdin.resume();
  await new Promise((resolve) => process.stdin.once('end', resolve));
  process.exit(0);
}
