import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  GetObjectTaggingCommand,
  ListMultipartUploadsCommand,
  ListObjectVersionsCommand,
  type S3Client,
} from '@aws-sdk/client-s3';
import { stringify } from 'yaml';
import type { ZodType } from 'zod';
import { artifactKey, manifestKey, outcomeKey, planKey, retentionKey, runRecordKey } from '../../lib/domain/backup/keys.ts';
import { Manifest } from '../../lib/domain/backup/manifest.ts';
import type { TryRecord } from '../../lib/domain/backup/receipt.ts';
import type { Tier } from '../../lib/domain/backup/tiers.ts';
import { RetentionRecord } from '../../lib/domain/retention/retention-record.ts';
import type { ExecutionInput } from '../../lib/domain/run/plan.ts';
import { Plan } from '../../lib/domain/run/plan.ts';
import { RunRecord } from '../../lib/domain/run/run-record.ts';
import { SourceOutcome } from '../../lib/domain/run/source-outcome.ts';
import type { Slot } from '../../lib/domain/time/slot.ts';
import type { Execution } from '../../lib/local/cloud/execution.ts';
import type { Message } from '../../lib/local/cloud/inbox.ts';
import type { Json } from '../../lib/local/cloud/json.ts';
import { LocalCloud, type LocalCloudOptions } from '../../lib/local/cloud/local-cloud.ts';
import { synthesize } from '../../lib/local/cloud/synthesize.ts';
import { readTries } from '../../lib/runtime/run-documents.ts';
import { S3Vault } from '../../lib/runtime/s3-vault.ts';
import { toolchain } from './toolchain.ts';

/** A source as nightproof.yaml has it. */
export interface NightSource {
  readonly id: string;
  /** @default "database" */
  readonly kind?: string;
  readonly database?: string;
  /** A name under connections. */
  readonly connection?: string;
  readonly [field: string]: unknown;
}

export interface NightRigOptions {
  /** Connections by name; without TLS unless they say otherwise. */
  readonly connections: Readonly<Record<string, object>>;
  readonly sources: readonly NightSource[];
  /** More of nightproof.yaml. */
  readonly more?: object;
  readonly secrets: NonNullable<LocalCloudOptions['secrets']>;
  readonly cloud?: Partial<LocalCloudOptions>;
}

/** A task as it was started, by the source it dumps. */
export interface TaskOfSource {
  readonly sourceId: string;
  readonly pid: number;
  readonly logFile: string;
}

/**
 * The synthesized stack of a configuration in a local cloud, in which retries do not wait. Everything is read off the store and
 * the execution, by the schemas that the product writes by.
 */
export class NightRig {
  readonly cloud: LocalCloud;
  readonly vault: S3Vault;
  /** All that the cloud and its set-up wrote lies here: assembly, logs, vault. */
  readonly folder: string;
  /** Every task that was started, in order. */
  readonly tasks: TaskOfSource[] = [];
  readonly #s3: S3Client;

  private constructor(cloud: LocalCloud, folder: string) {
    this.cloud = cloud;
    this.folder = folder;
    this.#s3 = cloud.s3Client();
    this.vault = new S3Vault(this.#s3, cloud.vaultBucket);
    cloud.tasks.on('started', ({ pid, logFile, environment }) =>
      this.tasks.push({ sourceId: environment.SOURCE_ID ?? '', pid, logFile }),
    );
  }

  static start(options: NightRigOptions): Promise<NightRig> {
    return NightRig.of(configText(options), options);
  }

  /** A rig of a whole configuration, as it stands in a file. */
  static async of(config: string, { secrets, cloud }: Pick<NightRigOptions, 'secrets' | 'cloud'>): Promise<NightRig> {
    const folder = mkdtempSync(join(tmpdir(), 'nightproof-night-'));
    try {
      const file = join(folder, 'nightproof.yaml');
      writeFileSync(file, config);
      const assembly = await synthesize({ outdir: join(folder, 'cdk.out'), config: file });
      const tools = await toolchain();
      const path = [process.env.PATH ?? '', ...tools.postgres.map(({ binDir }) => binDir)].join(':');
      const dir = join(folder, 'local');
      return new NightRig(
        await LocalCloud.start({ assembly, dir, toolchain: tools, path, secrets, waitScale: 0, ...cloud }),
        folder,
      );
    } catch (error) {
      rmSync(folder, { recursive: true, force: true });
      throw error;
    }
  }

  /** Runs an execution to its end. */
  night(input: ExecutionInput): Promise<Execution> {
    return this.cloud.execute(input as unknown as Json);
  }

  /** Keys under a prefix, in order. */
  async keys(prefix = ''): Promise<string[]> {
    const keys: string[] = [];
    for await (const { key } of this.vault.list(prefix)) keys.push(key);
    return keys;
  }

  /** How many versions each key has, delete markers among them: also what was hidden again is there. */
  async versions(prefix = ''): Promise<Record<string, number>> {
    const request = new ListObjectVersionsCommand({ Bucket: this.vault.bucket, Prefix: prefix });
    const { Versions = [], DeleteMarkers = [], IsTruncated } = await this.#s3.send(request);
    if (IsTruncated) throw new Error(`${prefix} has more versions than one page shows`);
    const counts: Record<string, number> = {};
    for (const { Key = '' } of [...Versions, ...DeleteMarkers]) counts[Key] = (counts[Key] ?? 0) + 1;
    return counts;
  }

  /** Keys of the multipart uploads that are open, each as often as it has one. */
  async openUploads(): Promise<string[]> {
    const { Uploads = [] } = await this.#s3.send(new ListMultipartUploadsCommand({ Bucket: this.vault.bucket }));
    return Uploads.map(({ Key = '' }) => Key).sort();
  }

  async tags(key: string): Promise<Record<string, string>> {
    const { TagSet = [] } = await this.#s3.send(new GetObjectTaggingCommand({ Bucket: this.vault.bucket, Key: key }));
    return Object.fromEntries(TagSet.map(({ Key = '', Value = '' }) => [Key, Value]));
  }

  /** Where an object lies as a plain file. */
  file(key: string): string {
    return join(this.folder, 'local/vault', this.vault.bucket, key);
  }

  async read<T>(key: string, schema: ZodType<T>): Promise<T> {
    const found = await this.vault.readJson(key, schema);
    if (!found) throw new Error(`the vault has no ${key}`);
    return found;
  }

  plan(slot: Slot, attempt = 1): Promise<Plan> {
    return this.read(planKey({ slot, attempt }), Plan);
  }

  record(slot: Slot, attempt = 1): Promise<RunRecord> {
    return this.read(runRecordKey({ slot, attempt }), RunRecord);
  }

  retention(slot: Slot, attempt = 1): Promise<RetentionRecord> {
    return this.read(retentionKey({ slot, attempt }), RetentionRecord);
  }

  outcome(slot: Slot, sourceId: string, attempt = 1): Promise<SourceOutcome> {
    return this.read(outcomeKey({ slot, attempt }, sourceId), SourceOutcome);
  }

  manifest(slot: Slot, sourceId: string, tier: Tier = 'daily'): Promise<Manifest> {
    return this.read(manifestKey(dumpKey(slot, sourceId, tier)), Manifest);
  }

  /** What the tries of a source left, the oldest first. */
  async tries(slot: Slot, sourceId: string): Promise<TryRecord[]> {
    return (await readTries(this.vault, slot, sourceId)).map(({ record }) => record).reverse();
  }

  /** The messages whose subject names a slot, as they were published. */
  async mails(slot: Slot): Promise<Message[]> {
    return (await this.cloud.messages()).filter(({ subject }) => subject?.endsWith(slot));
  }

  async stop(): Promise<void> {
    this.#s3.destroy();
    await this.cloud.stop();
    rmSync(this.folder, { recursive: true, force: true, maxRetries: 3 });
  }
}

export const dumpKey = (slot: Slot, sourceId: string, tier: Tier = 'daily'): string =>
  artifactKey({ tier, sourceId, slot, format: 'dump' });

function configText({ connections, sources, more }: NightRigOptions): string {
  const plain = Object.entries(connections).map(([name, connection]) => [name, { sslMode: 'disable', ...connection }]);
  return stringify({ name: 'night', keep: { daily: '7d' }, ...more, connections: Object.fromEntries(plain), sources });
}
