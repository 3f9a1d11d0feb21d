import {
  type Context,
  context,
  createContextKey,
  type Link,
  ProxyTracerProvider,
  ROOT_CONTEXT,
  type Tracer,
  trace,
} from '@opentelemetry/api';

/**
 * The tracer of the SDK of OpenTelemetry that was loaded before the server (`node --import`); undefined when there is none, so that whoever
 * asks once, when it is made, has nothing to do afterwards.
 */
export function findTracer(): Tracer | undefined {
  const provider = trace.getTracerProvider();
  // Without an SDK the API answers with a stand-in that waits for one.
  if (provider instanceof ProxyTracerProvider && provider.getDelegateTracer('crosswalk') === undefined) return undefined;
  return provider.getTracer('crosswalk');
}

const askers = createContextKey('crosswalk: who else asked');

/**
 * Does work that several asked for, each in its own context: it belongs to the trace of the first, and `linksToAskers` names the others.
 */
export function onBehalfOf<Result>(contexts: readonly Context[], work: () => Result): Result {
  const [first = ROOT_CONTEXT, ...others] = contexts;
  // Without an SDK there is only this one context.
  if (first === ROOT_CONTEXT) return work();
  return context.with(others.length === 0 ? first : first.setValue(askers, others), work);
}

/** Does work that is for whoever comes next, although a request began it: it is in no trace. */
export function onNobodysBehalf<Result>(work: () => Result): Result {
  return context.with(ROOT_CONTEXT, work);
}

/** Links to the spans of all but the first who asked for what is done now. */
export function linksToAskers(): Link[] {
  const others: unknown = context.active().getValue(askers);
  if (!Array.isArray(others)) return [];
  return others.flatMap((other) => {
    const spanContext = trace.getSpanContext(other);
    return spanContext === undefined ? [] : [{ context: spanContext }];
  });
}
