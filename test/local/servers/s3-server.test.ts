import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import {
  CreateBucketCommand,
  DeleteObjectCommand,
  HeadObjectCommand,
  ListBucketsCommand,
  ListObjectVersionsCommand,
  PutBucketVersioningCommand,
  PutObjectCommand,
  S3Client,
  S3ServiceException,
} from '@aws-sdk/client-s3';
import { expect, it, onTestFinished } from 'vitest';
import { type S3Server, startS3 } from '../../../lib/local/servers/s3-server.ts';
import { scratchFolder } from '../../support/scratch-folder.ts';
import { toolchain } from '../../support/toolchain.ts';

const { versitygw } = await toolchain();
const Bucket = 'vault';

function crc32Of(text: string): string {
  const sum = Buffer.alloc(4);
  sum.writeUInt32BE(crc32(text));
  return sum.toString('base64');
}

async function startedOver(dataDir: string): Promise<S3Server> {
  const server = await startS3(versitygw, { dataDir });
  onTestFinished(() => server.stop());
  return server;
}

function clientOf({ endpoint, region, accessKeyId, secretAccessKey }: S3Server): S3Client {
  const credentials = { accessKeyId, secretAccessKey };
  return new S3Client({ endpoint, region, credentials, forcePathStyle: true, maxAttempts: 1 });
}

async function put(client: S3Client, Key: string, Body: string): Promise<void> {
  await client.send(new PutObjectCommand({ Bucket, Key, Body, Metadata: { made: 'here' } }));
}

it('keeps objects as plain files, which outlive the server with all that is known of them', async () => {
  const dataDir = join(scratchFolder(), 'data');
  const before = await startS3(versitygw, { dataDir });
  await clientOf(before).send(new CreateBucketCommand({ Bucket }));
  await put(clientOf(before), 'daily/a.dump', 'content');
  await before.stop();

  const after = await startedOver(dataDir);

  const head = await clientOf(after).send(new HeadObjectCommand({ Bucket, Key: 'daily/a.dump', ChecksumMode: 'ENABLED' }));
  expect(readFileSync(join(dataDir, Bucket, 'daily/a.dump'), 'utf8')).toBe('content');
  expect([head.Metadata, head.ContentLength, head.ChecksumCRC32]).toEqual([{ made: 'here' }, 7, crc32Of('content')]);
});

it('keeps former versions, beside the data', async () => {
  const server = await startedOver(join(scratchFolder(), 'data'));
  const client = clientOf(server);
  await client.send(new CreateBucketCommand({ Bucket }));
  await client.send(new PutBucketVersioningCommand({ Bucket, VersioningConfiguration: { Status: 'Enabled' } }));
  await put(client, 'key', 'first');
  await put(client, 'key', 'second');
  await client.send(new DeleteObjectCommand({ Bucket, Key: 'key' }));

  const { Versions, DeleteMarkers } = await client.send(new ListObjectVersionsCommand({ Bucket }));

  expect([Versions?.length, DeleteMarkers?.length]).toEqual([2, 1]);
});

it('serves each its own when two run at once, and lets nobody in with the credentials of the other', async () => {
  const folder = scratchFolder();
  const [one, two] = await Promise.all([startedOver(join(folder, 'one')), startedOver(join(folder, 'two'))]);
  await clientOf(one).send(new CreateBucketCommand({ Bucket }));

  const { Buckets } = await clientOf(two).send(new ListBucketsCommand());

  expect(Buckets ?? []).toEqual([]);
  await expect(clientOf({ ...one, endpoint: two.endpoint }).send(new ListBucketsCommand())).rejects.toBeInstanceOf(
    S3ServiceException,
  );
});

it('says the end of its log when it does not start', async () => {
  const dataDir = join(scratchFolder(), 'data');

  await expect(startS3(versitygw, { dataDir, versionsDir: join(dataDir, 'inside') })).rejects.toThrow(
    /versitygw ended.*contains the directory/s,
  );
});

// ramfs has none. Mounting takes root, and rights that a container may lack.
it('keeps metadata in files of their own where the file system has no extended attributes', async (context) => {
  const mount = scratchFolder();
  if (!canMountRamfs(mount)) return context.skip();
  onTestFinished(() => void execFileSync('umount', [mount]));
  const server = await startedOver(join(mount, 'data'));
  const client = clientOf(server);
  await client.send(new CreateBucketCommand({ Bucket }));
  await put(client, 'key', 'content');

  const { Metadata } = await client.send(new HeadObjectCommand({ Bucket, Key: 'key' }));

  expect([Metadata, existsSync(join(mount, 'data', Bucket, 'key'))]).toEqual([{ made: 'here' }, true]);
  expect(readdirSync(mount)).toContain('sidecar.data');
});

function canMountRamfs(folder: string): boolean {
  try {
    execFileSync('mount', ['-t', 'ramfs', 'none', folder], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}
