import { type Context, context, ROOT_CONTEXT } from '@opentelemetry/api';
import { onBehalfOf } from '../lib/tracing.ts';

/** A question that has not been asked yet, and those who wait for it. */
interface Coming<About, Answer> {
  about: Set<About>;
  /** where it is waited for, for traces; without an SDK of OpenTelemetry nobody is told apart */
  askers: Context[];
  answer: Promise<Answer>;
  resolve: (answer: Answer) => void;
  reject: (error: unknown) => void;
}

/**
 * One answer for all who ask at the same moment, where `createBatcher` has one for each: they share a promise, which costs next to nothing.
 *
 * One question is under way at a time; who comes meanwhile waits for the next, which is about all that they named. It is asked after each of them came, so a
 * caller sees its own writes. If it fails, all fail with the same error.
 */
export function shareAnswer<About, Answer>(ask: (about: readonly About[]) => Promise<Answer>): (about: About) => Promise<Answer> {
  let coming: Coming<About, Answer> | undefined;
  let underWay = false;

  async function begin(): Promise<void> {
    if (coming === undefined) return;
    const { about, askers, resolve, reject } = coming;
    coming = undefined;
    underWay = true;
    try {
      resolve(await onBehalfOf(askers, () => ask([...about])));
    } catch (error) {
      reject(error);
    } finally {
      underWay = false;
      if (coming !== undefined) setImmediate(begin);
    }
  }

  return (about) => {
    if (coming === undefined) {
      coming = nobody();
      if (!underWay) setImmediate(begin);
    }
    coming.about.add(about);
    const asker = context.active();
    if (asker !== ROOT_CONTEXT) coming.askers.push(asker);
    return coming.answer;
  };
}

function nobody<About, Answer>(): Coming<About, Answer> {
  let [resolve, reject]: [(answer: Answer) => void, (error: unknown) => void] = [() => {}, () => {}];
  const answer = new Promise<Answer>((...settle) => {
    [resolve, reject] = settle;
  });
  return { about: new Set(), askers: [], answer, resolve, reject };
}
