/** The part of autocannon 9 that the bench uses; it brings no types. */
declare module 'autocannon' {
  import type { EventEmitter } from 'node:events';

  interface Request {
    method?: string;
    path?: string;
    headers?: Record<string, string>;
    body?: string;
    /** Called before each sending: returns the request to send. Costs time, so only where requests must differ. */
    setupRequest?: (request: Request, context: Record<string, unknown>) => Request;
    /** Called with each answer. Costs time: its headers are parsed for it. */
    onResponse?: (status: number, body: string, context: Record<string, unknown>) => void;
  }

  interface Options {
    url: string;
    connections: number;
    /** seconds */
    duration: number;
    /** requests after which it ends, whatever `duration` says */
    amount?: number;
    /** how often it looks whether it should end, milliseconds */
    sampleInt: number;
    /** errors after which it ends */
    bailout: number;
    /** called for each connection before it opens */
    setupClient: (client: { setRequests(requests: Request[]): void }) => void;
  }

  interface Result {
    /** answers by HTTP status */
    statusCodeStats: Record<string, { count: number }>;
  }

  /** Emits `start` when every connection is opening, `response` at each answer, `reqError` instead of one; resolves at the end. */
  export default function autocannon(options: Options): EventEmitter & PromiseLike<Result> & { stop(): void };
  export type { Request, Result };
}
