import { createSocket } from 'node:dgram';
import { once } from 'node:events';

/** A name server of a test. */
export interface NameServer {
  /** texts of the TXT records by name */
  records: Map<string, string[]>;
  /** names that were asked for */
  questions: string[];
  address: string;
  close(): void;
}

/** A name server that knows TXT records (RFC 1035 section 4.1); a name it does not know does not exist, and `broken.` is a failure. */
export async function startNameServer(): Promise<NameServer> {
  const records = new Map<string, string[]>();
  const questions: string[] = [];
  const socket = createSocket('udp4').on('message', (message, { port, address }) => {
    const end = message.indexOf(0, 12);
    const labels: string[] = [];
    for (let at = 12; at < end; at += 1 + message.readUInt8(at))
      labels.push(message.toString('latin1', at + 1, at + 1 + message.readUInt8(at)));
    const name = labels.join('.').toLowerCase();
    questions.push(name);
    const texts = records.get(name) ?? [];
    const code = name.endsWith('broken.example') ? 2 : records.has(name) ? 0 : 3;
    const answers = texts.map((text) => {
      // A record comes in pieces of 255 bytes at most; short ones show that they are put together.
      const pieces = (text.match(/.{1,20}/g) ?? []).map((piece) => Buffer.concat([Buffer.from([piece.length]), Buffer.from(piece)]));
      const data = Buffer.concat(pieces);
      const head = Buffer.from([0xc0, 12, 0, 16, 0, 1, 0, 0, 0, 0, 0, 0]);
      head.writeUInt16BE(data.length, 10);
      return Buffer.concat([head, data]);
    });
    const header = Buffer.from([message.readUInt8(0), message.readUInt8(1), 0x81, 0x80 | code, 0, 1, 0, answers.length, 0, 0, 0, 0]);
    socket.send(Buffer.concat([header, message.subarray(12, end + 5), ...answers]), port, address);
  });
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  return { records, questions, address: `127.0.0.1:${socket.address().port}`, close: () => socket.close() };
}
