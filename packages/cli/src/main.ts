import { loadEnvFile } from './env-file.ts';
import { run } from './run.ts';

loadEnvFile(process.argv[2]);

// Whoever reads our output may go, as head does: then there is nothing left to do. A server goes on.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
  if (process.argv[2] !== 'serve') process.exit(0);
});

const status = await run(process.argv.slice(2), process.env);
// A server that could not start has set a status of its own.
if (status !== 0) process.exitCode = status;
