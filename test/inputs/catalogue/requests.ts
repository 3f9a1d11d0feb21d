import type { Input } from './chapter.ts';

/** Requests that most inputs are made of. */

export const organizations = '/api/v1/organizations';
export const users = '/api/v1/users';
export const json = (value: unknown) => JSON.stringify(value);

/** Makes an organization. */
export const createOrganization = (row: string, fields: object, expect: Input['expect'], more: Partial<Input> = {}): Input => ({
  row,
  method: 'POST',
  path: organizations,
  body: { display_name: 'Acme', ...fields },
  expect,
  ...more,
});
