import { type Attributes, context, propagation, SpanKind, SpanStatusCode, type Tracer, trace } from '@opentelemetry/api';
import { isSuccess, type Outcome } from './delivery.ts';
import type { SignedMessage } from './sender.ts';

/**
 * One attempt in a span of its own, which `traceparent` tells the receiver of. It begins a trace, unless a request
 * asked for it: the change it tells of may be days old. Attributes by the conventions of OpenTelemetry for clients of HTTP; of the address only what is no secret.
 */
export function sendInSpan(tracer: Tracer, message: SignedMessage, send: (message: SignedMessage) => Promise<Outcome>): Promise<Outcome> {
  const attributes = {
    'http.request.method': 'POST',
    'crosswalk.event_id': message.headers['webhook-id'] ?? '',
    ...addressOf(message.url),
  };
  return tracer.startActiveSpan('POST', { kind: SpanKind.CLIENT, attributes }, async (span) => {
    const headers = { ...message.headers };
    propagation.inject(trace.setSpan(context.active(), span), headers);
    const outcome = await send({ ...message, headers });
    if (outcome.status !== null) span.setAttribute('http.response.status_code', outcome.status);
    if (!isSuccess(outcome)) {
      span.setAttribute('error.type', outcome.status === null ? 'no_answer' : String(outcome.status));
      span.setStatus({ code: SpanStatusCode.ERROR });
    }
    span.end();
    return outcome;
  });
}

/** Without user, password and query, which may be what the receiver knows us by. */
function addressOf(text: string): Attributes {
  if (!URL.canParse(text)) return {};
  const url = new URL(text);
  const port = url.port === '' ? (url.protocol === 'https:' ? 443 : 80) : Number(url.port);
  return { 'server.address': url.hostname, 'server.port': port, 'url.full': url.origin + url.pathname };
}
