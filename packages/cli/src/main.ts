import { loadEnvFile } from './env-file.ts';
import { exitStatus } from './exit.ts';
import { report, run } from './run.ts';
import { processStreams } from './streams.ts';

/** Loads `.env`; the exit status when that goes wrong. */
function prepare(): number {
  try {
    loadEnvFile(process.argv[2]);
    return exitStatus.ok;
  } catch (error) {
    return report(error, processStreams(process.env));
  }
}

const status = prepare() || (await run(process.argv.slice(2), process.env));
// A server that could not start has set a status of its own.
if (status !== exitStatus.ok) process.exitCode = status;
