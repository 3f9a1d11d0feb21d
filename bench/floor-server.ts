import { once } from 'node:events';
import fastify from 'fastify';
import { databaseFloor } from './floor-database.ts';
import { plainFloor } from './floor-plain.ts';

/**
 * The process of a floor server: a Fastify with bare handlers alone. It reads what they need from one line of JSON,
 * prints its address, and ends when its standard input does: with the bench, however that ends.
 */
export interface FloorSettings {
  kind: 'database' | 'plain';
  databaseUrl: string;
  environmentId: string;
  /** body of an answer of ours: the plain floor's answer to every look-up */
  bytes: string;
}

const [line] = await once(process.stdin, 'data');
const settings: FloorSettings = JSON.parse(String(line));
const app = fastify();
if (settings.kind === 'database') databaseFloor(app, settings);
else await plainFloor(app, settings);
process.stdout.write(`${await app.listen({ port: 0, host: '127.0.0.1' })}\n`);
process.stdin.resume();
await once(process.stdin, 'end');
process.exit(0);
