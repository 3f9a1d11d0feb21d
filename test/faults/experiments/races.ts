import { ScalekitClient, ScalekitServerException } from '@scalekit-sdk/node';
import { credentials } from '../../../tools/programs/credentials.ts';
import { Client } from '../client.ts';
import type { Experiment } from '../experiment.ts';
import type { Ending, History } from '../history.ts';
import { allOrganizations, count, judge } from '../verdict.ts';

/** How many clients meet at one record. */
const crowd = 1_000;
/** Fields that they write: metadata has at most 100 keys. */
const fields = 90;

/** The gRPC status of a call that took longer than its client waits. */
const deadlineExceeded = 4;

/** Many clients want the same at the same moment. */
export const races: Experiment[] = [
  {
    name: 'T11',
    what: `${crowd} creations of one external ID at once, half by REST and half by gRPC`,
    rounds: 5,
    async run({ rounds, history, install }) {
      const installation = await install({ engine: 'embedded' });
      const [target] = installation.targets;
      if (target === undefined) throw new Error('there is one server');
      const rest = new Client(target, history);
      const grpc = new ScalekitClient(target.url, credentials.id, credentials.secret);
      for (let round = 1; round <= rounds; round += 1) {
        const key = `RACE-${round}`;
        await Promise.all(
          Array.from({ length: crowd }, (_, index) => (index % 2 === 0 ? rest.create(key) : createByGrpc(grpc, history, key))),
        );
      }
      const problems = await judge(history, installation.targets);
      const made = (await allOrganizations(installation.targets)).length;
      if (made !== rounds) problems.push(`${made} organizations are there, of ${rounds} external IDs`);
      const { unknown } = count(history.operations());
      return { problems, note: `${unknown} calls ended by the time limit of their client` };
    },
  },
  {
    name: 'T12',
    what: `${crowd} merges into one record at once, of ${fields} fields and then of one`,
    rounds: 2,
    async run({ rounds, history, install }) {
      const installation = await install({ engine: 'embedded' });
      const [target] = installation.targets;
      if (target === undefined) throw new Error('there is one server');
      const client = new Client(target, history);
      for (let round = 1; round <= rounds; round += 1) {
        const { id = '' } = await client.create(`MERGED-${round}`);
        for (const many of [fields, 1]) {
          await Promise.all(
            Array.from({ length: crowd }, (_, index) => client.merge(id, `field_${index % many}`, `${round} ${many} ${index}`)),
          );
        }
      }
      return { problems: await judge(history, installation.targets) };
    },
  },
];

async function createByGrpc(client: ScalekitClient, history: History, externalId: string): Promise<Ending> {
  return history.note({ kind: 'create', key: externalId }, async () => {
    try {
      const { organization } = await client.organization.createOrganization(externalId, { externalId });
      return { outcome: 'ok', ...(organization === undefined ? {} : { id: organization.id, version: 1 }) };
    } catch (error) {
      // Its own time limit is no answer of the server.
      if (!(error instanceof ScalekitServerException) || error.grpcStatus === deadlineExceeded) {
        return { outcome: 'unknown', reason: error instanceof Error ? error.message : String(error) };
      }
      const { httpStatus: status, errorCode, unpackedDetails } = error;
      const id = unpackedDetails.flatMap(({ resourceInfo }) => resourceInfo?.resourceName ?? [])[0];
      return { outcome: status >= 500 ? 'unknown' : 'failed', status, ...(id === undefined ? {} : { id }), reason: String(errorCode) };
    }
  });
}
