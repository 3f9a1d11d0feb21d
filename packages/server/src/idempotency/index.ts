export { IdempotentReplay } from './idempotency.ts';
export { inChange } from './idempotency-service.ts';
export { purgeKeys } from './idempotency-store.ts';
