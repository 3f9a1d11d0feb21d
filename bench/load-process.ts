import { createInterface } from 'node:readline';
import autocannon, { type Request } from 'autocannon';
import { randomNumbers } from '../tools/programs/random.ts';
import { peerSubjects } from './peers/subjects.ts';
import { type Call, type Choices, type Subject, subjects } from './subjects.ts';

/** One round of load on one server. */
export interface Load {
  /** name of the subject */
  subject: string;
  url: string;
  token: string;
  records: number;
  /** token of a page far from the first */
  farPage: string;
  /** the same seed makes the same calls */
  seed: number;
  /** how long it lasts, unless the subject has an amount */
  seconds: number;
  /** what each answer must hold, where the server answers every call alike */
  expected?: string;
}

/** What came of it. */
export interface LoadResult {
  /** answers per second */
  rate: number;
  /** what was wrong with an answer; the figure is then worth nothing */
  problem?: string;
}

/** Calls that a connection has before it goes round again: about what one of 64 comes to in a second. */
const callsOfConnection = 256;
/** The same where calls are large. */
const largeCalls = 8;

/** A round ends after this at the latest. Seconds. */
const longest = 20;

/** One answer in so many is compared with what its call expects. */
const sampled = 16;

// The process of the load generator: each line that comes is a `Load`, each line that goes its `LoadResult`.
let calls = 0;
for await (const line of createInterface({ input: process.stdin })) {
  const load: Load = JSON.parse(line);
  const result: LoadResult = await run(load).catch((error: unknown) => ({ rate: 0, problem: String(error) }));
  process.stdout.write(`${JSON.stringify(result)}\n`);
}

async function run({ subject: name, url, token, records, farPage, seed, seconds, expected }: Load): Promise<LoadResult> {
  const subject = [...subjects, ...peerSubjects(records)].find((one) => one.name === name);
  if (subject === undefined) return { rate: 0, problem: `there is no subject ${name}` };
  const random = randomNumbers(seed);
  const choices: Choices = { record: () => random(records), serial: () => ++calls, farPage };
  let wrong: string | undefined;
  const check: Check = (status, body, ofCall) => {
    const text = expected ?? ofCall;
    if (status === subject.status && !body.includes(text)) wrong ??= `${text} is missing in ${body.slice(0, 300)}`;
  };
  const instance = autocannon({
    url,
    connections: subject.connections,
    duration: longest,
    ...(subject.amount === undefined ? {} : { amount: subject.amount }),
    sampleInt: 20,
    bailout: 1,
    setupClient: (client) => client.setRequests(requestsOf(subject, choices, seconds, token, check)),
  });
  let answers = 0;
  let [start, last] = [0, 0];
  let over = false;
  instance.on('start', () => {
    start = performance.now();
  });
  instance.on('response', () => {
    if (over) return;
    answers += 1;
    last = performance.now();
    // However slow the machine is, a figure takes an answer on each connection.
    over = subject.amount === undefined && last - start >= seconds * 1000 && answers >= subject.connections;
    if (over) instance.stop();
  });
  instance.on('reqError', (error: Error) => {
    wrong ??= `a request failed: ${error.message}`;
  });
  const { statusCodeStats } = await instance;
  const others = Object.keys(statusCodeStats).filter((status) => status !== String(subject.status));
  if (others.length > 0) return { rate: 0, problem: `answers with status ${others.join(', ')} instead of ${subject.status}` };
  if (wrong !== undefined) return { rate: 0, problem: wrong };
  if (answers === 0) return { rate: 0, problem: `no answer in ${longest} seconds` };
  return { rate: answers / ((last - start) / 1000) };
}

type Check = (status: number, body: string, expected: string) => void;

/** The calls of one connection. */
function requestsOf(subject: Subject, choices: Choices, seconds: number, token: string, check: Check): Request[] {
  if (subject.unique) return [uniqueRequest(subject, choices, token, check)];
  const count = Math.ceil(subject.large ? largeCalls : callsOfConnection * Math.min(1, seconds));
  return Array.from({ length: count }, (_, index) => {
    const call = subject.call(choices);
    return {
      ...requestOf(subject, call, token, choices),
      ...(index % sampled === 0 ? { onResponse: (status, body) => check(status, body, call.expected) } : {}),
    };
  });
}

/** A request that is another one each time it is sent. */
function uniqueRequest(subject: Subject, choices: Choices, token: string, check: Check): Request {
  return {
    setupRequest(request, context) {
      const call = subject.call(choices);
      context.expected = call.expected;
      return { ...request, ...requestOf(subject, call, token, choices) };
    },
    onResponse: (status, body, context) => check(status, body, String(context.expected)),
  };
}

function requestOf(
  { headers }: Subject,
  { method, path, contentType, body, anonymous = false }: Call,
  token: string,
  choices: Choices,
): Request {
  return {
    method,
    path,
    headers: {
      ...(headers?.(token, choices) ?? (anonymous ? {} : { authorization: `Bearer ${token}` })),
      ...(contentType === undefined ? {} : { 'content-type': contentType }),
    },
    ...(body === undefined ? {} : { body }),
  };
}
