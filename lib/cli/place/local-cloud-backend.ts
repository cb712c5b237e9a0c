import { randomBytes } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Execution } from '../../local/cloud/execution.ts';
import type { JsonObject } from '../../local/cloud/json.ts';
import { LocalCloud } from '../../local/cloud/local-cloud.ts';
import { synthesize } from '../../local/cloud/synthesize.ts';
import { withLock } from '../../local/setup/lock.mjs';
import { thisMachine } from '../../local/setup/machine.ts';
import { ensureToolchain } from '../../local/setup/toolchain.ts';
import { S3Vault } from '../../runtime/s3-vault.ts';
import type { Backend, ExecutionState } from './backend.ts';
import { executionName } from './execution-name.ts';
import { neededFor, type StartPurpose } from './local-needs.ts';
import { localOperations } from './local-operations.ts';
import { localPlace } from './local-place.ts';
import { type LocalSecrets, readLocalSecrets } from './local-secrets.ts';
import { type LocalVolumes, readLocalVolumes } from './local-volumes.ts';
import { readConfigFile } from './read-config-file.ts';
import { MACHINE_OUTPUTS } from './stack-outputs.ts';

export interface LocalOptions {
  readonly now: () => Date;
  /** Hears what takes time. */
  readonly report: (line: string) => void;
}

/** Starts the local cloud that a configuration makes. All that can be wrong with what was asked is found before anything is started. */
export async function openLocalCloud(dir: string, purpose: StartPurpose, { now, report }: LocalOptions): Promise<Backend> {
  const config = readConfigFile(purpose.config);
  const needs = neededFor(purpose, config, now());
  const secrets = readLocalSecrets(join(dir, 'secrets.json'), needs.secrets);
  const volumes = readLocalVolumes(dir, needs.volumes, config.volumes);
  // dumps hold all that a database holds
  mkdirSync(dir, { recursive: true, mode: 0o700 });

  const unlock = await lockFolder(dir, report);
  try {
    const cloud = await start(dir, purpose.config, { secrets, volumes }, report);
    return over(cloud, { dir, now, unlock });
  } catch (error) {
    unlock();
    throw error;
  }
}

/** Two clouds over one folder would not see each other's claims. */
function lockFolder(dir: string, report: (line: string) => void): Promise<() => void> {
  const waiting = (owner: number): void => report(`waiting for process ${owner}, whose run uses ${dir}`);
  return new Promise((locked, failed) => {
    withLock(join(dir, '.lock'), waiting, () => new Promise<void>((unlock) => locked(unlock))).catch(failed);
  });
}

interface Given {
  readonly secrets: LocalSecrets;
  readonly volumes: LocalVolumes;
}

async function start(dir: string, config: string, given: Given, report: (line: string) => void): Promise<LocalCloud> {
  report('starting the local cloud');
  const machine = thisMachine(report);
  const toolchain = await ensureToolchain(machine, { everyPostgresMajor: true });
  const assembly = await synthesize({ outdir: join(dir, 'cdk.out'), config });
  const path = [process.env.PATH ?? '', ...toolchain.postgres.map(({ binDir }) => binDir)].join(':');
  return LocalCloud.start({ assembly, dir, toolchain, path, ...given });
}

interface Around {
  readonly dir: string;
  readonly now: () => Date;
  readonly unlock: () => void;
}

function over(cloud: LocalCloud, { dir, now, unlock }: Around): Backend {
  const s3 = cloud.s3Client();
  return {
    ...localPlace(dir, cloud.vaultBucket),
    vault: new S3Vault(s3, cloud.vaultBucket),
    operations: async () => localOperations(dir),
    start: async (machine, input) => {
      const stateMachineArn = cloud.deployment.outputs[MACHINE_OUTPUTS[machine]] ?? '';
      const name = executionName(machine, now(), randomBytes(4).toString('hex'));
      const execution = cloud.startExecution(input as JsonObject, { stateMachineArn, name });
      // what it throws is a fault of the local cloud itself, and `state` finds out
      let fault: unknown;
      execution.ended.catch((thrown: unknown) => {
        fault = thrown;
      });
      const state = async (): Promise<ExecutionState> => {
        if (fault !== undefined) throw fault;
        return stateOf(execution);
      };
      return { executionArn: execution.arn, name, startedAt: execution.startDate, state };
    },
    close: async () => {
      s3.destroy();
      await cloud.stop();
      unlock();
    },
  };
}

function stateOf({ status, output, error = '', cause = '' }: Execution): ExecutionState {
  switch (status) {
    case 'RUNNING':
      return { status: 'running' };
    case 'SUCCEEDED':
      return { status: 'succeeded', output };
    case 'FAILED':
      return { status: 'failed', error, cause };
    case 'TIMED_OUT':
      return { status: 'stopped', how: 'timed out' };
    case 'ABORTED':
      return { status: 'stopped', how: 'aborted' };
  }
}
