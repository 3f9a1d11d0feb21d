import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { create, toBinary } from '@bufbuild/protobuf';
import { GetOrganizationRequestSchema } from '@scalekit-sdk/node/lib/pkg/grpc/scalekit/v1/organizations/organizations_pb.js';
import { say } from '../tools/programs/report.ts';
import { type Measured, median } from './measure.ts';
import { externalIdOf } from './records.ts';

/** Name of what is measured here. */
export const grpcSubject = 'look-up by external ID over gRPC';

/** The load generator for HTTP/2: package nghttp2-client of Debian. */
const h2load = 'h2load';

interface GrpcBench {
  url: string;
  token: string;
  rounds: number;
  /** requests of a round */
  requests: number;
}

/**
 * The same look-up over gRPC and over REST, 64 calls in flight each: by one generator, so that only the protocol differs. Says
 * so and gives no row where the generator is not installed.
 */
export async function measureGrpc(bench: GrpcBench): Promise<Measured[]> {
  if (!(await isInstalled())) {
    say('  left out: h2load is not installed (package nghttp2-client)');
    return [];
  }
  const directory = await mkdtemp(join(tmpdir(), 'crosswalk-bench-'));
  try {
    const bodyFile = join(directory, 'message');
    await writeFile(bodyFile, requestFor(externalIdOf(1)));
    const headers = ['-H', `authorization: Bearer ${bench.token}`];
    const grpc = () =>
      run(bench.requests, [
        ...['-c', '4', '-m', '16', '-d', bodyFile, ...headers, '-H', 'content-type: application/grpc+proto', '-H', 'te: trailers'],
        `${bench.url}/scalekit.v1.organizations.OrganizationService/GetOrganization`,
      ]);
    const rest = () =>
      run(bench.requests, ['--h1', '-c', '64', ...headers, `${bench.url}/api/v1/organizations:external/${externalIdOf(1)}`]);
    await grpc();
    await rest();
    const [ours, theirs]: [number[], number[]] = [[], []];
    for (let round = 0; round < bench.rounds; round += 1) {
      ours.push(await grpc());
      theirs.push(await rest());
    }
    const ratios = ours.map((rate, round) => rate / (theirs[round] ?? Number.NaN));
    return [
      {
        name: `${grpcSubject} / over REST`,
        ours: median(ours),
        floor: median(theirs),
        ratio: median(ours) / median(theirs),
        range: [Math.min(...ratios), Math.max(...ratios)],
        unit: 'requests/s',
        aim: 0.6,
      },
    ];
  } finally {
    await rm(directory, { recursive: true });
  }
}

function isInstalled(): Promise<boolean> {
  return promisify(execFile)(h2load, ['--version']).then(
    () => true,
    () => false,
  );
}

/** One message with its prefix. */
function requestFor(externalId: string): Uint8Array {
  const message = toBinary(
    GetOrganizationRequestSchema,
    create(GetOrganizationRequestSchema, { identities: { case: 'externalId', value: externalId } }),
  );
  const prefix = Buffer.alloc(5);
  prefix.writeUInt32BE(message.length, 1);
  return Buffer.concat([prefix, message]);
}

/** Requests a second of one round; throws when any was not answered with 200. */
async function run(requests: number, args: string[]): Promise<number> {
  const { stdout } = await promisify(execFile)(h2load, ['-n', String(requests), ...args]);
  const [, rate] = /finished in .*?, ([0-9.]+) req\/s/.exec(stdout) ?? [];
  if (!stdout.includes(`${requests} succeeded, 0 failed, 0 errored`) || rate === undefined) throw new Error(`${h2load}: ${stdout}`);
  return Number(rate);
}
