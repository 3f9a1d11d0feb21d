export { KeyPairs } from './key-pair.ts';
export { KeyRing } from './key-ring.ts';
export { clockTolerance, longestLifetime, type TokenSettings } from './signing-key.ts';
export { signingKeyRoutes } from './signing-key-routes.ts';
export { SigningKeyService } from './signing-key-service.ts';
export { purgeSigningKeys } from './signing-key-store.ts';
