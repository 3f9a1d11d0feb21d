import { type DescMessage, fromBinary, type MessageShape, toBinary } from '@bufbuild/protobuf';
import type { RequestContext } from '../../environments/index.ts';
import { IdempotentReplay } from '../../idempotency/index.ts';
import type { Method } from './method.ts';

/**
 * A method that changes something, to whose answers (messages of `output`) `complete` adds what the change itself does not tell. It is read
 * anew for an answer that was kept for an idempotency key: what a role may do must not be told as it was a day ago.
 */
export function completed<Output extends DescMessage>(
  changing: Method,
  output: Output,
  complete: (context: RequestContext, message: MessageShape<Output>) => Promise<unknown>,
): Method {
  return {
    ...changing,
    async run(call, request) {
      const completedOf = async (bytes: Uint8Array) => {
        const message = fromBinary(output, bytes);
        await complete(call.context, message);
        return toBinary(output, message);
      };
      try {
        return await completedOf(await changing.run(call, request));
      } catch (thrown) {
        if (!(thrown instanceof IdempotentReplay)) throw thrown;
        const body = Buffer.from(await completedOf(Buffer.from(thrown.body, 'base64'))).toString('base64');
        throw new IdempotentReplay({ status: thrown.status, body, etag: thrown.etag });
      }
    },
  };
}
