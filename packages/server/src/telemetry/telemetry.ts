import type { IncomingHttpHeaders } from 'node:http';
import type { ErrorCode } from '@crosswalk/contract';
import { type Attributes, context, propagation, ROOT_CONTEXT, SpanKind, SpanStatusCode, type Tracer, trace } from '@opentelemetry/api';
import type { Metrics, Protocol } from './metrics.ts';

/** A request that begins. */
export interface BegunRequest {
  protocol: Protocol;
  method: string;
  /** the template of its path; `unmatched` when no route has it */
  route: string;
  /** `traceparent` among them makes its span part of the caller's trace */
  headers: IncomingHttpHeaders;
  /** of the span: asked for when there is one */
  attributes: () => Attributes;
}

/** A request that is watched. */
export interface WatchedRequest {
  /** Does work as part of it. */
  run<Result>(work: () => Result): Result;
  /** It has ended. `failed`: by a fault of the server. */
  end(result: { status: string; errorCode: ErrorCode | undefined; failed: boolean; attributes: Attributes }): void;
}

/** The route of a request that no route has. */
export const unmatched = 'unmatched';

/** Watches requests of both protocols, for figures, for traces, or for both. */
export class Telemetry {
  readonly #metrics: Metrics | undefined;
  readonly #tracer: Tracer | undefined;

  constructor({ metrics, tracer }: { metrics: Metrics | undefined; tracer: Tracer | undefined }) {
    this.#metrics = metrics;
    this.#tracer = tracer;
  }

  begin(request: BegunRequest): WatchedRequest {
    const { protocol, method, route } = request;
    const started = performance.now();
    this.#metrics?.begin(protocol);
    const span = this.#startSpan(request);
    return {
      run: (work) => (span === undefined ? work() : context.with(span.context, work)),
      end: ({ status, errorCode, failed, attributes }) => {
        this.#metrics?.end({ protocol, method, route, status, errorCode, duration: (performance.now() - started) / 1000 });
        if (span === undefined) return;
        span.own.setAttributes(attributes);
        if (failed) span.own.setAttribute('error.type', errorCode ?? status).setStatus({ code: SpanStatusCode.ERROR });
        span.own.end();
      },
    };
  }

  #startSpan({ protocol, method, route, headers, attributes }: BegunRequest) {
    if (this.#tracer === undefined) return undefined;
    const caller = propagation.extract(ROOT_CONTEXT, headers);
    const name = protocol === 'grpc' ? route.slice(1) : route === unmatched ? method : `${method} ${route}`;
    const own = this.#tracer.startSpan(name, { kind: SpanKind.SERVER, attributes: attributes() }, caller);
    return { own, context: trace.setSpan(caller, own) };
  }
}
