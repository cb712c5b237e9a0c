import { lutimesSync, readdirSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import {
  CreateBucketCommand,
  ListMultipartUploadsCommand,
  ListObjectVersionsCommand,
  PutBucketVersioningCommand,
  S3Client,
  type S3ClientConfig,
} from '@aws-sdk/client-s3';
import { S3Vault } from '../../../lib/runtime/s3-vault.ts';

/** A running versitygw, as plain data: other processes use it too. */
export interface S3Place {
  readonly endpoint: string;
  readonly region: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly dataDir: string;
}

export const s3Client = (place: S3Place, config: S3ClientConfig = {}): S3Client => {
  const { endpoint, region, accessKeyId, secretAccessKey } = place;
  return new S3Client({ endpoint, region, credentials: { accessKeyId, secretAccessKey }, forcePathStyle: true, ...config });
};

/** A versioned bucket of one case, on a store that many share. */
export class CaseVault {
  readonly bucket: string;
  readonly s3: S3Client;
  readonly vault: S3Vault;
  readonly #place: S3Place;

  private constructor(place: S3Place, s3: S3Client, bucket: string) {
    this.#place = place;
    this.bucket = bucket;
    this.s3 = s3;
    this.vault = new S3Vault(s3, bucket);
  }

  /** `s3`: a client that reaches the store without any fault. */
  static async create(place: S3Place, s3: S3Client, bucket: string): Promise<CaseVault> {
    const made = new CaseVault(place, s3, bucket);
    await s3.send(new CreateBucketCommand({ Bucket: bucket }));
    await s3.send(new PutBucketVersioningCommand({ Bucket: bucket, VersioningConfiguration: { Status: 'Enabled' } }));
    return made;
  }

  /** Where an object lies as a plain file. */
  path(key: string): string {
    return join(this.#place.dataDir, this.bucket, key);
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

  /** Keys that were written more than once. */
  async overwritten(): Promise<string[]> {
    const { Versions = [] } = await this.s3.send(new ListObjectVersionsCommand({ Bucket: this.bucket }));
    const keys = Versions.map(({ Key = '' }) => Key);
    return [...new Set(keys.filter((key, at) => keys.indexOf(key) !== at))];
  }

  /** Makes everything that lies in the bucket, open uploads too, as old as if it had been written then. */
  age(written: Date): void {
    const folder = join(this.#place.dataDir, this.bucket);
    for (const { parentPath, name } of readdirSync(folder, { recursive: true, withFileTypes: true }))
      lutimesSync(join(parentPath, name), written, written);
  }

  /** Takes the bucket from the disk, with its former versions. */
  async remove(): Promise<void> {
    const { dataDir } = this.#place;
    for (const folder of [dataDir, `${dataDir}.versions`])
      await rm(join(folder, this.bucket), { recursive: true, force: true, maxRetries: 3 });
  }
}
