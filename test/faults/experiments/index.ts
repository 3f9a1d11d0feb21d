import type { Experiment } from '../experiment.ts';
import { badNetwork } from './bad-network.ts';
import { clock } from './clock.ts';
import { connections } from './connections.ts';
import { crowds } from './crowds.ts';
import { databaseRestart } from './database-restart.ts';
import { diskFull } from './disk-full.ts';
import { files } from './files.ts';
import { gracefulStop } from './graceful-stop.ts';
import { keyRotation } from './key-rotation.ts';
import { kill } from './kill.ts';
import { mixedWork } from './mixed-work.ts';
import { races } from './races.ts';
import { retries } from './retries.ts';
import { rollingRestart } from './rolling-restart.ts';
import { secrets } from './secrets.ts';
import { slowReceivers } from './slow-receivers.ts';
import { soak } from './soak.ts';
import { torn } from './torn.ts';

/** All experiments, in the order of their numbers. */
export const experiments: readonly Experiment[] = [
  ...kill,
  ...databaseRestart,
  ...diskFull,
  ...connections,
  ...mixedWork,
  ...races,
  ...retries,
  ...torn,
  ...badNetwork,
  ...slowReceivers,
  ...clock,
  ...keyRotation,
  ...gracefulStop,
  ...rollingRestart,
  ...crowds,
  ...soak,
  ...files,
  ...secrets,
];
