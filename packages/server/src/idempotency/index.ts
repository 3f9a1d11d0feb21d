export { IdempotentReplay } from './idempotency.ts';
export { inChange, inChanges, requireUnanswered } from './idempotency-service.ts';
export { purgeKeys } from './idempotency-store.ts';
