import { randomFillSync } from 'node:crypto';
import { DeleteObjectCommand, DeleteObjectsCommand, HeadObjectCommand, ListObjectVersionsCommand } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createBuckets } from '../../lib/local/cloud/vault-buckets.ts';
import { S3Vault } from '../../lib/runtime/s3-vault.ts';
import { MultipartUpload } from '../../lib/runtime/upload/multipart-upload.ts';
import { VaultRig } from '../support/vault-rig.ts';

const MIB = 1024 ** 2;
const BUCKET = 'locked-vault';
const slot = '20260419_020000';
const daily = `daily/app_${slot}.dump`;
const weekly = `weekly/app_${slot}.dump`;

interface HttpRequest {
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: unknown;
}

let store: VaultRig;
let vault: S3Vault;
/** Requests that carry bytes, and whether a checksum came with them. */
const bodies: { readonly request: string; readonly checksum: boolean }[] = [];

/** The bucket as the local cloud makes it of the template of a configuration with `objectLock: {mode: compliance, keep: 30d}`. */
beforeAll(async () => {
  store = await VaultRig.start();
  const Properties = {
    VersioningConfiguration: { Status: 'Enabled' },
    ObjectLockEnabled: true,
    ObjectLockConfiguration: {
      ObjectLockEnabled: 'Enabled',
      Rule: { DefaultRetention: { Days: 30, Mode: 'COMPLIANCE' } },
    },
  };
  const Type = 'AWS::S3::Bucket';
  const created = [{ logicalId: 'Vault', type: Type, physicalId: BUCKET }];
  await createBuckets(
    {
      folder: '',
      stackName: 's',
      template: { Resources: { Vault: { Type, Properties } } },
      elsewhere: [],
      files: new Map(),
      images: new Map(),
    },
    { stackName: 's', outputs: {}, report: { created, createdDirectly: [], notCreated: [], ignored: [], notDeployed: [] } },
    { ...store.server, aws: '', s3: store.server.endpoint, accountId: '' },
  );
  store.s3.middlewareStack.add(
    (next, { commandName }) =>
      (args) => {
        const { headers, body } = args.request as HttpRequest;
        if (body !== undefined && /^(PutObject|UploadPart)Command$/.test(commandName ?? ''))
          bodies.push({
            request: commandName ?? '',
            checksum: 'x-amz-checksum-crc32' in headers || headers['x-amz-trailer'] === 'x-amz-checksum-crc32',
          });
        return next(args);
      },
    { step: 'finalizeRequest', priority: 'low' },
  );
  // 5 MiB is the least that S3 takes as a part: the copy of 12 MiB is made in ranges
  vault = new S3Vault(store.s3, BUCKET, { limits: { wholeUpToBytes: 6 * MIB, rangeBytes: 6 * MIB } });
});
afterAll(() => store.stop());

const head = (Key: string) => store.s3.send(new HeadObjectCommand({ Bucket: BUCKET, Key }));

describe('a vault with an object lock', () => {
  it('takes a backup and its manifest', async () => {
    await upload();
    expect(await vault.putOnce(`${daily}.manifest.json`, { version: 1 })).toBe('written');
    expect(await vault.head(daily)).toMatchObject({ bytes: 12 * MIB, crc32: expect.any(String) });
  });

  it('gets a checksum with all bytes: S3 takes none without, where there is a lock', () => {
    expect(new Set(bodies.map(({ request }) => request))).toEqual(new Set(['PutObjectCommand', 'UploadPartCommand']));
    expect(bodies.filter(({ checksum }) => !checksum)).toEqual([]);
  });

  it('lets a backup be promoted, in ranges and whole', async () => {
    for (const [from, to] of [
      [daily, weekly],
      [`${daily}.manifest.json`, `${weekly}.manifest.json`],
    ] as const) {
      const source = await vault.head(from);
      if (!source) throw new Error(`no ${from}`);
      expect(await vault.copyOnce(source, to, { tier: 'weekly', source: 'app', slot })).toBe('copied');
    }
  });

  // S3 writes the bucket's default onto each object; this store looks at the bucket when something is to be deleted
  it.each([daily, `${daily}.manifest.json`, weekly, `${weekly}.manifest.json`])(
    'refuses to delete the version of %s, by itself and in bulk, whoever asks',
    async (Key) => {
      const { VersionId } = await head(Key);
      expect(VersionId).toBeTruthy();
      for (const BypassGovernanceRetention of [false, true]) {
        const alone = new DeleteObjectCommand({ Bucket: BUCKET, Key, VersionId, BypassGovernanceRetention });
        await expect(store.s3.send(alone)).rejects.toMatchObject({ name: expect.stringMatching(/AccessDenied|ObjectLocked/) });
      }
      const bulk = new DeleteObjectsCommand({ Bucket: BUCKET, Delete: { Objects: [{ Key, VersionId }] } });
      const deleted = await store.s3.send(bulk).then(
        ({ Deleted = [] }) => Deleted.length,
        () => 0,
      );
      expect(deleted).toBe(0);
      expect((await head(Key)).VersionId).toBe(VersionId);
    },
  );

  it('lets retention hide a backup, which can then be brought back', async () => {
    const { VersionId } = await head(daily);
    expect(await vault.remove([daily, `${daily}.manifest.json`])).toEqual([]);
    expect(await vault.head(daily)).toBeUndefined();

    const { Versions = [], DeleteMarkers = [] } = await store.s3.send(
      new ListObjectVersionsCommand({ Bucket: BUCKET, Prefix: daily }),
    );
    expect(Versions.map((version) => version.VersionId)).toContain(VersionId);
    const marker = DeleteMarkers.find(({ Key }) => Key === daily);
    await store.s3.send(new DeleteObjectCommand({ Bucket: BUCKET, Key: daily, VersionId: marker?.VersionId }));
    expect((await head(daily)).VersionId).toBe(VersionId);
  });
});

async function upload(): Promise<void> {
  const sending = new MultipartUpload(store.s3, {
    bucket: BUCKET,
    key: daily,
    tags: { tier: 'daily', source: 'app', slot },
    partSizes: () => 5 * MIB,
    head: (key) => vault.head(key),
    retries: { attempts: 2, baseMs: 1, capMs: 5 },
  });
  await sending.write(randomFillSync(Buffer.alloc(12 * MIB)));
  await sending.flush();
  await sending.complete();
}
