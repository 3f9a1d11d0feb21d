import { Readable } from 'node:stream';
import { importLimits } from '@crosswalk/contract';
import { expect, test } from 'vitest';
import { arriving } from './upload.ts';

test('a file beyond the limit is refused while it comes (X13)', async () => {
  const block = Buffer.alloc(16 * 1024 * 1024);
  let given = 0;
  const body = new Readable({
    highWaterMark: 1,
    read() {
      given += block.length;
      this.push(given < 2 * importLimits.bytes ? block : null);
    },
  });
  const arrival = { bytes: 0 };
  const read = async () => {
    for await (const _block of arriving(body, arrival, 60_000));
  };
  await expect(read()).rejects.toMatchObject({ code: 'BODY_TOO_LARGE', status: 413 });
  body.destroy();
  expect(arrival.bytes).toBe(importLimits.bytes + block.length);
  expect(given - arrival.bytes).toBeLessThan(10 * block.length);
});
