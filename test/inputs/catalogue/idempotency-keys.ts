import { type Chapter, elsewhere, row, server } from './chapter.ts';

const held = (title: string) => server('idempotency/idempotency.test.ts', title);

/** D: idempotency keys. */
export const idempotencyKeys: Chapter = {
  rows: {
    D1: row(
      'the same key and body',
      'the same answer, marked; one record',
      held('the same key and body: the same answer again, and one record (D1)'),
    ),
    D2: row('the same key, another body or route', '422', held('the same key with another body or path is 422 (D2)')),
    D4: row('the same key of another client', 'independent', held('another client has keys of its own (D4)')),
    D5: row('empty, 256 characters, NUL, beyond ASCII, two', '400', held('the key %j is refused (D5)')),
    D6: row(
      'a first request that was refused',
      'nothing is kept: the corrected one runs',
      held('a refused request stores nothing: the corrected one runs under the same key (D6)'),
    ),
    D7: row(
      'a first request that died by kill -9',
      'exactly one record',
      elsewhere(
        'test/faults/crash.test.ts',
        'after kill -9 in the middle of writes every acknowledged one is there, and repeating the rest with their keys makes each once (D7)',
      ),
    ),
  },
};
