import { closeSync, openSync, readFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import type { S3Client } from '@aws-sdk/client-s3';
import { CreateSecretCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { artifactKey, planKey, tryKey } from '../../lib/domain/backup/keys.ts';
import { type DatabaseReceipt, TryRecord } from '../../lib/domain/backup/receipt.ts';
import type { Plan } from '../../lib/domain/run/plan.ts';
import type { DatabaseSource } from '../../lib/domain/source/source.ts';
import { type Slot, slotOf } from '../../lib/domain/time/slot.ts';
import { awsClient, awsEnvironment, type Endpoints } from '../../lib/local/cloud/endpoints.ts';
import type { PostgresServer } from '../../lib/local/servers/postgres-server.ts';
import { S3Vault } from '../../lib/runtime/s3-vault.ts';
import { databaseReceipt } from '../support/receipts.ts';
import { type Measured, measure } from './measured-process.ts';

const SECRET = 'nightproof/bench';
const SOURCE_ID = 'bench';
const FIRST_SLOT_MS = Date.UTC(2026, 0, 1);

export interface StageProps {
  /** The bundled task of a cloud assembly. */
  readonly program: string;
  readonly server: PostgresServer;
  readonly endpoints: Endpoints;
  readonly s3: S3Client;
  readonly bucket: string;
  /** For the task's log. */
  readonly folder: string;
}

export interface TaskRun extends Measured {
  readonly receipt: DatabaseReceipt;
}

/** Runs the dump task as the night would: a process of its own, from the bundle, with a plan in the vault and a slot for each run. */
export class TaskStage {
  readonly #props: StageProps;
  readonly #vault: S3Vault;
  #runs = 0;

  constructor(props: StageProps) {
    this.#props = props;
    this.#vault = new S3Vault(props.s3, props.bucket);
  }

  /** Puts the login where the task looks for it. */
  async prepare(): Promise<void> {
    const { server, endpoints } = this.#props;
    const { user: username, password, host, port } = server;
    const client = new SecretsManagerClient(awsClient(endpoints));
    await client.send(
      new CreateSecretCommand({ Name: SECRET, SecretString: JSON.stringify({ username, password, host, port }) }),
    );
    client.destroy();
  }

  /** Dumps a database once, and removes the dump again. */
  async run(database: string, compression: DatabaseSource['compression']): Promise<TaskRun> {
    const slot = slotOf(new Date(FIRST_SLOT_MS + this.#runs++ * 1000));
    await this.#vault.putOnce(planKey({ slot, attempt: 1 }), planFor(slot, database, compression));
    const measured = await this.#start(slot);
    const record = await this.#vault.readJson(tryKey(slot, SOURCE_ID, 1), TryRecord);
    if (record?.result !== 'receipt') throw new Error('the task left no receipt');
    await this.#vault.remove([artifactKey({ tier: 'daily', sourceId: SOURCE_ID, slot, format: 'dump' })]);
    return { ...measured, receipt: databaseReceipt(record.receipt) };
  }

  async #start(slot: Slot): Promise<Measured> {
    const { program, server, endpoints, bucket, folder } = this.#props;
    const env = {
      ...awsEnvironment(endpoints),
      PATH: [server.install.binDir, process.env.PATH ?? ''].join(delimiter),
      TMPDIR: folder,
      VAULT_BUCKET: bucket,
      PLAN_KEY: planKey({ slot, attempt: 1 }),
      SOURCE_ID,
    };
    const logFile = join(folder, 'task.log');
    const log = openSync(logFile, 'w');
    try {
      return await measure(process.execPath, [program], { env, stdio: ['ignore', log, log] });
    } catch (error) {
      throw new Error(`the task failed:\n${readFileSync(logFile, 'utf8')}`, { cause: error });
    } finally {
      closeSync(log);
    }
  }
}

const planFor = (slot: Slot, database: string, compression: DatabaseSource['compression']): Plan => ({
  version: 1,
  slot,
  attempt: 1,
  execution: 'bench',
  trigger: 'manual',
  claimedAt: new Date(FIRST_SLOT_MS).toISOString(),
  leaseUntil: new Date(FIRST_SLOT_MS).toISOString(),
  timeZone: 'UTC',
  weeklyDay: 'SUN',
  sources: [
    {
      id: SOURCE_ID,
      kind: 'database',
      enabled: true,
      database,
      compression,
      connection: { secret: SECRET, auth: 'password', sslMode: 'disable' },
      keep: { daily: '7d' },
      limits: { lockWaitSeconds: 60, noProgressSeconds: 300, deadlineSeconds: 7200 },
    },
  ],
  alreadyVerified: [],
});
