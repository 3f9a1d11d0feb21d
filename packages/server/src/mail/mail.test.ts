import { createServer, type Socket } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parseMailFrom, parseSmtpUrl } from '../lib/mail-settings.ts';
import { outcomeOf, printable, retryPauses } from './mail.ts';
import { openSmtp } from './smtp.ts';
import { checkTemplate, fillHtml, fillText } from './template.ts';
import { useSmtpSink } from './testing.ts';

describe('what becomes of a message', () => {
  const refused = { taken: false, permanent: false, reason: 'no' } as const;

  test.each([
    ['taken', { taken: true } as const, 1, { state: 'SENT', error: null, pause: 0 }],
    ['refused for good, at once', { ...refused, permanent: true }, 1, { state: 'FAILED', error: 'no', pause: 0 }],
    ['refused for now', refused, 1, { state: 'QUEUED', error: 'no', pause: 60 }],
    ['refused for now again', refused, 9, { state: 'QUEUED', error: 'no', pause: 86_400 }],
    ['refused for now once too often', refused, 10, { state: 'FAILED', error: 'no', pause: 0 }],
  ])('%s', (_name, delivery, attempt, outcome) => {
    expect(outcomeOf(delivery, attempt, 0.5)).toEqual(outcome);
  });

  test('pauses differ by up to a fifth either way, and add up to three days', () => {
    expect([0, 1].map((random) => Math.round(outcomeOf(refused, 2, random).pause))).toEqual([240, 360]);
    expect(retryPauses.reduce((sum, pause) => sum + pause, 0) / 86_400).toBeCloseTo(2.93, 1);
  });

  test('a reason is one short line that the database can hold', () => {
    expect(printable('550 a\r\n550\t b\0 \u2028c \ud800', 500)).toBe('550 a 550 b c \ufffd');
    expect(outcomeOf({ ...refused, reason: 'x'.repeat(9_000) }, 1, 0).error).toHaveLength(500);
  });
});

describe('templates', () => {
  const rule = { variables: ['name', 'accept_url'], required: 'accept_url' };
  const values = { name: `<script>alert("1")</script> & 'x'`, accept_url: 'https://a.example/?a=1&b=2', none: null };

  test('HTML has every variable escaped, plain text has it as it is; a section shows what has a value', () => {
    expect(fillHtml('<p title="{{name}}">', values)).toBe(
      '<p title="&lt;script&gt;alert(&quot;1&quot;)&lt;&#x2F;script&gt; &amp; &#39;x&#39;">',
    );
    expect(fillText('{{name}} {{accept_url}}', values)).toBe(`${values.name} https://a.example/?a=1&b=2`);
    expect(fillText('{{#none}}there{{/none}}{{^none}}not{{/none}} {{#name}}[{{accept_url}}]{{/name}}', values)).toBe(
      'not [https://a.example/?a=1&b=2]',
    );
  });

  test('what a value has of a template is text', () => {
    expect(fillText('{{name}}', { name: '{{accept_url}} {{{x}}}', accept_url: 'secret' })).toBe('{{accept_url}} {{{x}}}');
  });

  test.each([
    ['{{accept_url}} {{nmae}}', 'there is no variable {{nmae}}; there are name, accept_url'],
    ['{{accept_url}} {{name.length}}', 'there is no variable {{name.length}}'],
    ['{{accept_url}} {{#name}}{{.}}{{/name}}', 'there is no variable {{.}}'],
    [`{{accept_url}} {{x${'😀'.repeat(40)}}}`, `there is no variable {{x${'😀'.repeat(40)}}}`],
    [`{{accept_url}} {{${'y'.repeat(200)}}}`, `there is no variable {{${'y'.repeat(99)}…}}`],
    ['{{accept_url}} {{constructor}}', 'there is no variable {{constructor}}'],
    ['{{#nobody}}{{accept_url}}{{/nobody}}', 'there is no variable {{nobody}}'],
    ['{{accept_url}} {{{name}}}', 'must be escaped'],
    ['{{accept_url}} {{&name}}', 'must be escaped'],
    ['{{accept_url}} {{>other}}', 'no partial templates'],
    ['{{accept_url}} {{=<% %>=}}', 'the braces cannot be replaced'],
    ['{{accept_url', 'is not a template: Unclosed tag'],
    ['{{accept_url}} {{#name}}', 'is not a template: Unclosed section'],
    ['{{name}}', 'must contain {{accept_url}}'],
    ['{{! accept_url }}', 'must contain {{accept_url}}'],
    ['{{accept_url}}\0', 'must not contain NUL'],
  ])('refused: %s', (text, says) => {
    expect(() => checkTemplate(text, rule, 'text')).toThrow(`text: ${says}`.slice(0, 5));
    expect(() => checkTemplate(text, rule, 'text')).toThrow(says);
  });

  test('taken: sections, comments, no variable at all where none is required', () => {
    expect(() => checkTemplate('{{! why }}{{#name}}{{name}}{{/name}} {{accept_url}}', rule, 'text')).not.toThrow();
    expect(() => checkTemplate('Hello', { variables: [] }, 'subject')).not.toThrow();
  });
});

describe('settings of mail', () => {
  test.each([
    ['smtp://mail.example.com', { host: 'mail.example.com', port: 587, secure: false, auth: undefined }],
    ['smtps://u%40x:p%2Fw@[::1]:2465', { host: '::1', port: 2465, secure: true, auth: { user: 'u@x', pass: 'p/w' } }],
    ['smtps://mail.example.com/', { host: 'mail.example.com', port: 465, secure: true, auth: undefined }],
  ])('%s', (text, settings) => {
    expect(parseSmtpUrl(text)).toEqual(settings);
  });

  test.each([
    'mail.example.com',
    'http://mail.example.com',
    'smtp://',
    'smtp://u@h',
    'smtp://h/x',
    'smtp://h?pool=true',
    'smtp://h:99999',
    'smtp://u:50%off@h',
    'smtp://%ff:p@h',
  ])('refused: %s', (text) => {
    expect(parseSmtpUrl(text)).toBeUndefined();
  });

  test('a sender is an address, or a name and an address', () => {
    expect(parseMailFrom('Acme "Mail" <a@b.example>')).toBeUndefined();
    expect(parseMailFrom('"Acme Mail" <a@b.example>')).toEqual({ name: 'Acme Mail', address: 'a@b.example' });
    expect(parseMailFrom('Acme <a@b.example>')).toEqual({ name: 'Acme', address: 'a@b.example' });
    expect(parseMailFrom('a@b.example')).toEqual({ name: '', address: 'a@b.example' });
    for (const text of ['', 'Acme', 'a@localhost', 'a@b.example, c@d.example', 'A <a@b.example> x', 'A\r\nB <a@b.example>']) {
      expect([text, parseMailFrom(text)]).toEqual([text, undefined]);
    }
  });
});

describe('the mail server', () => {
  const sink = useSmtpSink();
  const sockets = new Set<Socket>();
  const dripping = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    // One byte now and then: never silent, and never an answer.
    const timer = setInterval(() => socket.write('2'), 50);
    socket.on('close', () => clearInterval(timer));
  });
  let drippingPort = 0;
  beforeAll(async () => {
    await new Promise<void>((resolve) => dripping.listen(0, '127.0.0.1', resolve));
    drippingPort = Number(Object(dripping.address()).port);
  });
  afterAll(() => {
    for (const socket of sockets) socket.destroy();
    dripping.close();
  });
  const message = {
    from: { name: 'A', address: 'a@b.example' },
    to: 'c@d.example',
    messageId: 'msg_1@b.example',
    locale: 'en',
    subject: 'S',
    text: 'T',
    html: null,
  };

  test.each([
    ['take', { taken: true }],
    ['greylist', { taken: false, permanent: false, reason: expect.stringContaining('450 4.7.1 try again later') }],
    ['unknown recipient', { taken: false, permanent: true, reason: expect.stringContaining('550 5.1.1 no such mailbox') }],
    ['local error', { taken: false, permanent: false, reason: expect.stringContaining('451 4.3.0') }],
    ['spam', { taken: false, permanent: true, reason: expect.stringContaining('554 5.7.1') }],
    ['drop after data', { taken: false, permanent: false, reason: expect.stringContaining('closed unexpectedly') }],
  ] as const)('%s', async (behaviour, delivery) => {
    sink.script = [behaviour];
    expect(await openSmtp(sink.settings().smtp)(message)).toEqual(delivery);
  });

  test('a password is not sent without TLS, but to this machine', async () => {
    const auth = { user: 'u', pass: 'p' };
    // The same mail server, by an address that is not known to be of this machine. It has no TLS.
    const refused = await openSmtp({ ...sink.settings().smtp, host: '0.0.0.0', auth })(message);
    expect(refused).toEqual({ taken: false, permanent: false, reason: expect.stringMatching(/TLS/) });
    expect(await openSmtp({ ...sink.settings().smtp, host: '0.0.0.0' })(message)).toEqual({ taken: true });
  });

  test('one that is not there, one that is slow, one that sends a byte now and then: each ends in time, and may be tried again', async () => {
    const nobody = await openSmtp({ ...sink.settings().smtp, port: 1 })(message);
    expect(nobody).toMatchObject({ taken: false, permanent: false, reason: expect.stringContaining('ECONNREFUSED') });
    sink.script = [{ slow: 2_000 }];
    const late = { taken: false, permanent: false, reason: 'the mail server took too long; it may have the message' };
    expect(await openSmtp(sink.settings().smtp, 300)(message)).toEqual(late);
    expect(await openSmtp({ ...sink.settings().smtp, port: drippingPort }, 300)(message)).toEqual(late);
  });
});
