import { expect, test } from 'vitest';
import { readConfig } from './config.ts';

test('without any setting the server is local, embedded and on port 8080', () => {
  expect(readConfig({})).toMatchObject({
    port: 8080,
    host: '127.0.0.1',
    databaseUrl: undefined,
    publicUrl: 'http://localhost:8080',
    aliasDays: 30,
    logLevel: 'info',
  });
});

test('every problem is told at once, with the way out', () => {
  const read = () =>
    readConfig({
      PORT: '99999',
      DATABASE_URL: 'mysql://x',
      CROSSWALK_PUBLIC_URL: 'directory',
      LOG_LEVEL: 'loud',
      CROSSWALK_CLIENT_ID: 'me',
      CROSSWALK_ALIAS_DAYS: '-1',
      TLS_CERT_FILE: '/cert.pem',
    });
  for (const part of [
    'PORT must be a whole number from 0 to 65535',
    'DATABASE_URL must begin with postgres://',
    'CROSSWALK_SECRET_KEY is required',
    'CROSSWALK_PUBLIC_URL must be',
    'LOG_LEVEL must be one of',
    'TLS_CERT_FILE and TLS_KEY_FILE must be set together',
    'CROSSWALK_CLIENT_ID must be skc_',
    'CROSSWALK_CLIENT_ID needs',
    'CROSSWALK_ALIAS_DAYS',
  ]) {
    expect(read).toThrow(part);
  }
});

test('a DATABASE_URL that cannot be read is told with the likely cause; one with a socket directory can be', () => {
  const read = (url: string) => readConfig({ DATABASE_URL: url, CROSSWALK_SECRET_KEY: 'a secret key that is only for tests' }).databaseUrl;
  expect(() => read('postgres://me:pass#word@host/db')).toThrow(/a # in a password is %23/);
  expect(() => read('postgres://me:#word@host/db')).toThrow(/a # in a password is %23/);
  expect(() => read('postgres://me:pass#word@host/db')).not.toThrow(/pass#word/);
  for (const url of [
    'postgres://me:pass%23word@host:5433/db?sslmode=verify-full',
    'postgresql://me@/db?host=/run/postgresql',
    'postgres:///db',
  ]) {
    expect(read(url)).toBe(url);
  }
});

test('a secret is not repeated in a message', () => {
  expect(() => readConfig({ CROSSWALK_CLIENT_SECRET: 'too short' })).not.toThrow(/too short/);
  expect(() => readConfig({ CROSSWALK_CLIENT_SECRET: 'too short' })).toThrow(/at least 32 characters/);
});
