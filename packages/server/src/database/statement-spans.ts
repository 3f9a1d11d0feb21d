import { type Attributes, context, type Span, SpanKind, SpanStatusCode, type Tracer, trace } from '@opentelemetry/api';
import pg from 'pg';
import { linksToAskers } from '../lib/tracing.ts';

/**
 * Gives each statement of a pool a span, named and described as the conventions of OpenTelemetry for PostgreSQL want it: the text with its
 * `$1`, never a value. Only what happens inside of another span gets one: the workers look for work several times a second, which nobody wants to see.
 */
export function traceStatements(pool: pg.Pool, tracer: Tracer): void {
  const { connect } = pool;
  Object.assign(pool, {
    connect(...call: unknown[]): unknown {
      // Whoever frees a connection calls back the one who waits for it: that must go on as itself.
      return Reflect.apply(
        connect,
        pool,
        call.map((one) => (typeof one === 'function' ? context.bind(context.active(), one) : one)),
      );
    },
  });
  pool.on('connect', (client) => {
    const { query } = client;
    const fixed = attributesOf(client);
    Object.assign(client, {
      query(...call: unknown[]): unknown {
        if (trace.getActiveSpan() === undefined) return Reflect.apply(query, client, call);
        const { name, text } = statementOf(call[0]);
        const attributes = { ...fixed, 'db.query.text': text, 'db.query.summary': name };
        const span = tracer.startSpan(name, { kind: SpanKind.CLIENT, attributes, links: linksToAskers() });
        const callback = call.at(-1);
        if (typeof callback === 'function') {
          const heard = (error: unknown, ...rest: unknown[]) => {
            end(span, error);
            Reflect.apply(callback, undefined, [error, ...rest]);
          };
          return Reflect.apply(query, client, [...call.slice(0, -1), heard]);
        }
        const result: unknown = Reflect.apply(query, client, call);
        if (result instanceof Promise) {
          result.then(
            () => end(span, undefined),
            (error: unknown) => end(span, error),
          );
        } else span.end();
        return result;
      },
    });
  });
}

function attributesOf({ host, port, database }: pg.PoolClient): Attributes {
  return { 'db.system.name': 'postgresql', 'db.namespace': database ?? '', 'server.address': host, 'server.port': port };
}

/** The name of a prepared statement, else its first word. */
function statementOf(query: unknown): { name: string; text: string } {
  const given: { text?: unknown; name?: unknown } = typeof query === 'string' ? { text: query } : Object(query);
  const text = typeof given.text === 'string' ? given.text : '';
  const [firstWord = 'statement'] = /\w+/.exec(text) ?? [];
  return { text, name: typeof given.name === 'string' ? given.name : firstWord };
}

/** The message of an error may quote values of the row: only its code is told. */
function end(span: Span, error: unknown): void {
  if (error !== undefined && error !== null) {
    const code = error instanceof pg.DatabaseError ? (error.code ?? '') : '';
    if (code !== '') span.setAttribute('db.response.status_code', code);
    span.setAttribute('error.type', code === '' && error instanceof Error ? error.name : code);
    span.setStatus({ code: SpanStatusCode.ERROR });
  }
  span.end();
}
