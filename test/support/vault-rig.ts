import { mkdtempSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  CreateBucketCommand,
  ListMultipartUploadsCommand,
  PutBucketVersioningCommand,
  S3Client,
  type S3ClientConfig,
} from '@aws-sdk/client-s3';
import { type S3Server, startS3 } from '../../lib/local/servers/s3-server.ts';
import { S3Vault } from '../../lib/runtime/s3-vault.ts';
import { toolchain } from './toolchain.ts';

/** A real store (versitygw) with an empty, versioned bucket as the stack makes it. */
export class VaultRig {
  readonly bucket = 'vault';
  readonly server: S3Server;
  readonly s3: S3Client;
  readonly vault: S3Vault;
  readonly #folder: string;

  private constructor(server: S3Server, folder: string) {
    this.server = server;
    this.#folder = folder;
    this.s3 = this.client();
    this.vault = new S3Vault(this.s3, this.bucket);
  }

  static async start(): Promise<VaultRig> {
    const folder = mkdtempSync(join(tmpdir(), 'nightproof-vault-'));
    const server = await startS3((await toolchain()).versitygw, { dataDir: join(folder, 'data') });
    const rig = new VaultRig(server, folder);
    await rig.s3.send(new CreateBucketCommand({ Bucket: rig.bucket }));
    await rig.s3.send(new PutBucketVersioningCommand({ Bucket: rig.bucket, VersioningConfiguration: { Status: 'Enabled' } }));
    return rig;
  }

  /** Another client; to another endpoint, for a proxy in between. */
  client(endpoint: string = this.server.endpoint, config: S3ClientConfig = {}): S3Client {
    const { region, accessKeyId, secretAccessKey } = this.server;
    return new S3Client({ endpoint, region, credentials: { accessKeyId, secretAccessKey }, forcePathStyle: true, ...config });
  }

  /** The environment that points a process's SDK at this store. */
  get env(): Record<string, string> {
    const { endpoint, region, accessKeyId, secretAccessKey } = this.server;
    return {
      AWS_ENDPOINT_URL_S3: endpoint,
      AWS_REGION: region,
      AWS_ACCESS_KEY_ID: accessKeyId,
      AWS_SECRET_ACCESS_KEY: secretAccessKey,
    };
  }

  /** Where an object lies as a plain file. */
  path(key: string): string {
    return join(this.server.dataDir, this.bucket, key);
  }

  async keys(prefix = ''): Promise<string[]> {
    const keys: string[] = [];
    for await (const { key } of this.vault.list(prefix)) keys.push(key);
    return keys;
  }

  /** Keys of the multipart uploads that are open. */
  async openUploads(): Promise<string[]> {
    const { Uploads = [] } = await this.s3.send(new ListMultipartUploadsCommand({ Bucket: this.bucket }));
    return Uploads.map(({ Key = '' }) => Key);
  }

  async stop(): Promise<void> {
    this.s3.destroy();
    await this.server.stop();
    // several at a time: one after the other, tens of thousands of files can take minutes on a busy disk
    await rm(this.#folder, { recursive: true, force: true });
  }
}
