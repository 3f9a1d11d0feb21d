import { type Chapter, elsewhere, row, server } from './chapter.ts';

const endpoint = (title: string) => server('webhooks/endpoints.test.ts', title);
const target = (title: string) => server('webhooks/target.test.ts', title);
const receiver = (title: string) => server('webhooks/receivers.test.ts', title);

/** W: addresses of webhooks, which are looked at when they are given and at each connection, and what answers there. */
export const webhooks: Chapter = {
  rows: {
    W1: row('other schemes', '400', endpoint('an address for its %s: %s')),
    W2: row('http to the public', '400', endpoint('http altogether, where no network of one’s own is listed (W2)')),
    W4: row(
      'this machine and private networks, in every spelling of IPv4',
      'nothing is sent',
      target('nothing is sent to https://%s/ (W4 to W9)'),
    ),
    W5: row('the same in letters that become digits, localhost', 'nothing is sent', target('nothing is sent to https://%s/ (W4 to W9)')),
    W6: row('the same in IPv6', 'nothing is sent', target('nothing is sent to https://%s/ (W4 to W9)')),
    W7: row('IPv4 within IPv6, link-local, site-local, multicast', 'nothing is sent', target('nothing is sent to https://%s/ (W4 to W9)')),
    W9: row(
      'names of private addresses, of both, of thousands, of none',
      'nothing is sent if any is private',
      target('each connection is checked again, and goes to an address that was checked (W9, W10)'),
    ),
    W10: row(
      'a name that changes between look-up and connection',
      'the connection goes to what was checked',
      target('each connection is checked again, and goes to an address that was checked (W9, W10)'),
    ),
    W11: row('redirections to inside', 'a failure; not followed', receiver('that redirects (%i) has failed, and nobody follows (W11)')),
    W12: row('our own address', '400', endpoint('an address for its %s: %s')),
    W14: row('a proxy of the environment', 'not used', target('a proxy of the environment is not used (W14)')),
    W15: row(
      'certificates that are expired, of another name, of nobody; TLS of old',
      'failed attempts with their reasons',
      elsewhere(
        'test/webhook-tls.test.ts',
        'a certificate that is expired, of another name, or nobody’s, and a TLS of old, are failed attempts with their reasons (W15)',
      ),
    ),
    W16: row(
      'answers late, never, byte by byte, without end, compressed bombs, that break off, that are none',
      'failed in time, or taken; memory stays',
      receiver('of an answer %s has failed, and says why (W16)'),
      receiver('of an answer of any length has succeeded with its status; a kilobyte of it is kept (W16)'),
    ),
    W17: row(
      'every status, every Retry-After',
      '2xx succeeds, 410 disables, Retry-After within reason',
      receiver('that is answered with %i is %s (W17)'),
      receiver('waits as long as Retry-After: %s asks, within reason (W17)'),
      server('webhooks/delivery.test.ts', 'Retry-After: %s is %s seconds'),
    ),
    W19: row('headers of the owner', '400: there are none', endpoint('%s')),
    W20: row(
      'secrets that are short, long, no Base64, private keys, of another environment',
      '400; taken',
      endpoint('%s'),
      endpoint('a secret that another environment has is none of anybody’s business (W20)'),
    ),
    W21: row(
      'signatures that are short, of another version, among a thousand, of another time',
      'refused, as the library of Standard Webhooks does',
      elsewhere('packages/sdk/src/webhooks.test.ts', 'is refused (W21)'),
    ),
    W22: row(
      'an endpoint that is deleted or disabled with much pending',
      'nothing goes on',
      server('webhooks/deliveries.test.ts', 'does not go on at an endpoint that is disabled or deleted with much pending (W22)'),
    ),
  },
};
