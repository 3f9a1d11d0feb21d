import { createSocket } from 'node:dgram';
import { once } from 'node:events';

/** What a name server says of a name: addresses of both families, an alias, or that it does not know. */
interface Entry {
  v4?: string[];
  v6?: string[];
}

/**
 * A name server (RFC 1035 section 4.1) whose answers may change between two questions; no TTL is longer than 0. To what is `silence` it says
 * nothing.
 */
export async function startNameServer(
  answer: (name: string, nth: number) => Entry | 'failure' | 'silence' | undefined,
  { host = '127.0.0.1', port = 0 }: { host?: string; port?: number } = {},
) {
  const counts = new Map<string, number>();
  const socket = createSocket('udp4').on('message', (message, client) => {
    const end = message.indexOf(0, 12);
    const labels: string[] = [];
    for (let at = 12; at < end; at += 1 + message.readUInt8(at))
      labels.push(message.toString('latin1', at + 1, at + 1 + message.readUInt8(at)));
    const name = labels.join('.').toLowerCase();
    const type = message.readUInt16BE(end + 1);
    const count = (counts.get(`${name} ${type}`) ?? 0) + 1;
    counts.set(`${name} ${type}`, count);
    const entry = answer(name, count);
    if (entry === 'silence') return;
    const records =
      entry === undefined || entry === 'failure'
        ? []
        : type === 28
          ? (entry.v6 ?? []).map(bytesOf6)
          : type === 1
            ? (entry.v4 ?? []).map(bytesOf4)
            : [];
    const code = entry === 'failure' ? 2 : entry === undefined ? 3 : 0;
    const header = Buffer.from([message.readUInt8(0), message.readUInt8(1), 0x81, 0x80 | code, 0, 1, 0, records.length, 0, 0, 0, 0]);
    const answers = records.map((data) => Buffer.concat([Buffer.from([0xc0, 12, 0, type, 0, 1, 0, 0, 0, 0, 0, data.length]), data]));
    socket.send(Buffer.concat([header, message.subarray(12, end + 5), ...answers]), client.port, client.address);
  });
  socket.bind(port, host);
  await once(socket, 'listening');
  return { address: `${host}:${socket.address().port}`, close: () => socket.close() };
}

function bytesOf4(address: string): Buffer {
  return Buffer.from(address.split('.').map(Number));
}

function bytesOf6(address: string): Buffer {
  const [head = '', tail = ''] = address.split('::');
  const [before, after] = [head.split(':').filter(Boolean), tail.split(':').filter(Boolean)];
  const groups = [...before, ...Array.from({ length: 8 - before.length - after.length }, () => '0'), ...after];
  return Buffer.concat(groups.map((group) => Buffer.from(group.padStart(4, '0'), 'hex')));
}
