export * from './client.ts';
export * from './common.ts';
export * from './errors.ts';
export * from './event.ts';
export * from './external-id.ts';
export * from './membership.ts';
export * from './organization.ts';
export * from './user.ts';
