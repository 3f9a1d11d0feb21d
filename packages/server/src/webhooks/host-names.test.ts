import { expect, test } from 'vitest';
import { domainsOf, listedAs } from './host-names.ts';

const hosts = `
# 10.0.0.9 commented
127.0.0.1	localhost
::1 localhost ip6-localhost # receiver
10.1.2.3  Receiver  receiver.internal
not-an-address receiver
`;

test.each([
  ['localhost', ['127.0.0.1', '::1']],
  ['receiver', ['10.1.2.3']],
  ['receiver.internal', ['10.1.2.3']],
  ['commented', []],
  ['internal', []],
])('the file of hosts gives %s the addresses %j', (host, addresses) => {
  expect(listedAs(host, hosts).map(({ address }) => address)).toEqual(addresses);
});

test.each([
  ['nameserver 10.0.0.1', []],
  [
    'search default.svc.cluster.local svc.cluster.local cluster.local\noptions ndots:5',
    ['default.svc.cluster.local', 'svc.cluster.local', 'cluster.local'],
  ],
  ['domain one.example\n; search none.example\nsearch two.example .', ['two.example']],
  [
    `search ${Array.from({ length: 20 }, (_, number) => `d${number}.example`).join(' ')}`,
    ['d0.example', 'd1.example', 'd2.example', 'd3.example', 'd4.example', 'd5.example'],
  ],
  ['', []],
])('of %j the domains %j are searched', (text, domains) => {
  expect(domainsOf(text)).toEqual(domains);
});
