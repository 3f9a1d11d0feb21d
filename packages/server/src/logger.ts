import type { FastifyBaseLogger } from 'fastify';
import { type DestinationStream, pino } from 'pino';

/** JSON lines to a destination; without one to stdout, readable ones when that is a terminal. */
export function createLogger(level: string, destination?: DestinationStream): FastifyBaseLogger {
  const options = { level, redact: ['req.headers.authorization', 'headers.authorization'] };
  if (destination !== undefined) return pino(options, destination);
  if (!process.stdout.isTTY) return pino(options);
  return pino({ ...options, transport: { target: 'pino-pretty', options: { translateTime: 'SYS:HH:MM:ss', ignore: 'pid,hostname' } } });
}
