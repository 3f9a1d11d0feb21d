import { loadEnvFile } from './env-file.ts';
import { run } from './run.ts';

loadEnvFile(process.argv[2]);

const status = await run(process.argv.slice(2), process.env);
// A server that could not start has set a status of its own.
if (status !== 0) process.exitCode = status;
