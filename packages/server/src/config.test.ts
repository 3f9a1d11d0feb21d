import { expect, test } from 'vitest';
import { readConfig } from './config.ts';

test('without any setting the server is local, embedded and on port 8080', () => {
  expect(readConfig({})).toMatchObject({
    port: 8080,
    host: '127.0.0.1',
    databaseUrl: undefined,
    databaseReadUrl: undefined,
    databasePooler: undefined,
    drainSeconds: 0,
    publicUrl: 'http://localhost:8080',
    aliasDays: 30,
    tokens: { lifetime: 3_600, keyDays: 90, keyLead: 900 },
    mail: undefined,
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
      CROSSWALK_TOKEN_SECONDS: '9',
      TLS_CERT_FILE: '/cert.pem',
      SMTP_URL: 'mail.example.com',
      MAIL_FROM: 'me',
      ADMIN_EMAIL: 'nobody',
      CROSSWALK_TRUSTED_PROXIES: '10.0.0.7, proxy',
      METRICS_TOKEN: 'short',
      CROSSWALK_OTHER_SECRET_KEY: 'short',
    });
  for (const part of [
    'PORT must be a whole number from 0 to 65535',
    'CROSSWALK_TRUSTED_PROXIES lists addresses and networks such as 10.0.0.7 or 10.0.0.0/8, with commas between; "proxy" is none',
    'DATABASE_URL must begin with postgres://',
    'CROSSWALK_SECRET_KEY is required',
    'CROSSWALK_OTHER_SECRET_KEY must have at least',
    'CROSSWALK_OTHER_SECRET_KEY needs',
    'CROSSWALK_PUBLIC_URL must be',
    'LOG_LEVEL must be one of',
    'TLS_CERT_FILE and TLS_KEY_FILE must be set together',
    'CROSSWALK_CLIENT_ID must be skc_',
    'CROSSWALK_CLIENT_ID needs',
    'CROSSWALK_ALIAS_DAYS',
    'CROSSWALK_TOKEN_SECONDS must be a whole number from 10 to 86400',
    'SMTP_URL must be smtp://host:port',
    'MAIL_FROM must be an address',
    'ADMIN_EMAIL and ADMIN_PASSWORD must be set together',
    'ADMIN_EMAIL must be one plain address',
    'METRICS_TOKEN must have at least 32 characters',
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

test("a replica and a pooler need a database of one's own", () => {
  const own = { DATABASE_URL: 'postgres://u@host/db', CROSSWALK_SECRET_KEY: 'a secret key that is only for tests' };
  const given = { DATABASE_READ_URL: 'postgres://u@replica/db', DATABASE_POOLER: 'transaction', CROSSWALK_DRAIN_SECONDS: '5' };
  expect(readConfig({ ...own, ...given })).toMatchObject({
    databaseReadUrl: 'postgres://u@replica/db',
    databasePooler: 'transaction',
    drainSeconds: 5,
  });
  expect(() => readConfig(given)).toThrow(
    /DATABASE_READ_URL needs DATABASE_URL[\s\S]*DATABASE_POOLER must be transaction, with DATABASE_URL/,
  );
  expect(() => readConfig({ ...own, DATABASE_POOLER: 'session' })).toThrow('DATABASE_POOLER must be transaction');
  expect(() => readConfig({ ...own, DATABASE_READ_URL: 'mysql://x' })).toThrow('DATABASE_READ_URL must begin with postgres://');
});

test('a secret is not repeated in a message', () => {
  expect(() => readConfig({ CROSSWALK_CLIENT_SECRET: 'too short' })).not.toThrow(/too short/);
  expect(() => readConfig({ CROSSWALK_CLIENT_SECRET: 'too short' })).toThrow(/at least 32 characters/);
  expect(() => readConfig({ ADMIN_EMAIL: 'a@b.example', ADMIN_PASSWORD: 'too short' })).not.toThrow(/too short/);
  expect(() => readConfig({ ADMIN_EMAIL: 'a@b.example', ADMIN_PASSWORD: 'too short' })).toThrow(
    'ADMIN_PASSWORD must have 12 to 256 characters',
  );
});

test('mail needs both of its settings; a password in them is not repeated in a message', () => {
  expect(readConfig({ SMTP_URL: 'smtps://u:p%40w@mail.example.com', MAIL_FROM: 'Acme <a@b.example>' }).mail).toEqual({
    smtp: { host: 'mail.example.com', port: 465, secure: true, auth: { user: 'u', pass: 'p@w' } },
    from: { name: 'Acme', address: 'a@b.example' },
  });
  expect(() => readConfig({ SMTP_URL: 'smtp://mail.example.com' })).toThrow('SMTP_URL and MAIL_FROM must be set together');
  expect(() => readConfig({ MAIL_FROM: 'a@b.example' })).toThrow('SMTP_URL and MAIL_FROM must be set together');
  expect(() => readConfig({ SMTP_URL: 'smtp://u:pass#word@mail.example.com', MAIL_FROM: 'a@b.example' })).not.toThrow(/pass#word/);
});

test('a bare % in SMTP_URL is one of the problems that are told at once', () => {
  for (const url of ['smtp://u:50%off@h:25', 'smtp://50%off:p@h:25', 'smtp://u:%ff@h:25']) {
    const read = () => readConfig({ SMTP_URL: url, MAIL_FROM: 'a@b.example', PORT: 'abc' });
    expect(read).toThrow(/PORT must be [\s\S]*SMTP_URL must be [^\n]*a % is %25/);
    expect(read).not.toThrow(url.slice('smtp://'.length, -'@h:25'.length));
  }
});

test('the first operator is given as address and password', () => {
  const firstOperator = { email: 'a@b.example', password: 'correct horse battery staple' };
  expect(readConfig({ ADMIN_EMAIL: firstOperator.email, ADMIN_PASSWORD: firstOperator.password }).firstOperator).toEqual(firstOperator);
  expect(readConfig({}).firstOperator).toBeUndefined();
});
