import type { FastifyBaseLogger } from 'fastify';
import { pino } from 'pino';

/** JSON lines on stdout, or readable ones when that is a terminal. */
export function createLogger(level: string): FastifyBaseLogger {
  return pino({
    level,
    redact: ['req.headers.authorization', 'headers.authorization'],
    ...(process.stdout.isTTY
      ? { transport: { target: 'pino-pretty', options: { translateTime: 'SYS:HH:MM:ss', ignore: 'pid,hostname' } } }
      : {}),
  });
}
