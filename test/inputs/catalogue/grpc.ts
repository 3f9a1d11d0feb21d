import { type Chapter, row, server } from './chapter.ts';

const held = (title: string) => server('scalekit/grpc/grpc.test.ts', title);

/** G: gRPC beneath its messages. What messages can say of the other rows is tried by message too. */
export const grpc: Chapter = {
  rows: {
    G2: row(
      'text that is not UTF-8, fields and values of enums that nobody has, other wire types, groups, 200 levels',
      'INVALID_ARGUMENT, and nothing is stored',
      held('every error has its details'),
    ),
    G3: row(
      'deadlines that have passed, are garbage, or of 30 years',
      'DEADLINE_EXCEEDED or INVALID_ARGUMENT; a change is made whole or not',
      held('timeouts: digits and unit, no more than eight digits'),
      server('scalekit/outages.test.ts', "a call whose deadline passes ends in time, and Scalekit's client says so"),
    ),
    G4: row(
      'calls that are cancelled at any moment',
      'records and events agree',
      held('calls that are cancelled at any moment leave the connection and the records whole (G4)'),
    ),
    G5: row(
      'binary metadata that is no Base64, 64 KB of metadata, two authorizations',
      'answered, or the stream ends',
      held('metadata that cannot be read, is too long or comes twice harms no other call (G5)'),
    ),
    G7: row(
      'field masks with unknown paths, *, read-only fields, none, 10,000',
      'INVALID_ARGUMENT',
      server('scalekit/organizations.test.ts', 'a mask of %s is refused (G7)'),
    ),
    G8: row('each operation that fails over REST', 'the same error', server('scalekit/parity.test.ts', '%s')),
  },
};
