import { HeadObjectCommand, NotFound, type ReplicationStatus, S3Client, S3ServiceException } from '@aws-sdk/client-s3';
import { mockClient } from 'aws-sdk-client-mock';
import { afterEach, describe, expect, it } from 'vitest';
import { offsiteStatus } from '../../lib/runtime/offsite-status.ts';

/** S3's answers are made up here: of the real parts on this machine none can replicate. */
const s3 = mockClient(S3Client);
afterEach(() => s3.reset());

const client = new S3Client({ region: 'eu-central-1' });
const failing = (name: string, httpStatusCode: number) =>
  new S3ServiceException({ name, $fault: 'client', $metadata: { httpStatusCode } });

describe('the off-site copies of a run', () => {
  it.each<[ReplicationStatus | undefined, number, RegExp]>([
    ['COMPLETED', 1, /^$/],
    ['COMPLETE', 1, /^$/],
    ['REPLICA', 1, /^$/],
    ['PENDING', 0, /not yet copied/],
    ['FAILED', 0, /could not copy/],
    ['QUEUED' as ReplicationStatus, 0, /nothing is known/],
    [undefined, 0, /never told/],
  ])('with ReplicationStatus %s: %i there', async (status, copied, warning) => {
    s3.on(HeadObjectCommand, { Bucket: 'vault', Key: 'daily/a' }).resolves(status ? { ReplicationStatus: status } : {});
    const summary = await offsiteStatus(client, 'vault', ['daily/a']);
    expect(summary).toMatchObject({ objects: 1, copied });
    expect(summary.warnings.join()).toMatch(warning);
  });

  it('are not missed for what is no longer in the vault', async () => {
    s3.on(HeadObjectCommand).rejects(new NotFound({ message: '', $metadata: { httpStatusCode: 404 } }));
    expect(await offsiteStatus(client, 'vault', ['daily/a'])).toEqual({ objects: 0, copied: 0, warnings: [] });
  });

  it.each([
    ['AccessDenied', 403],
    ['InternalError', 500],
  ])('are unknown, and no reason to throw, where the vault answers %s', async (name, status) => {
    s3.on(HeadObjectCommand).rejects(failing(name, status));
    const { objects, copied, warnings } = await offsiteStatus(client, 'vault', ['daily/a', 'daily/b']);
    expect({ objects, copied }).toEqual({ objects: 2, copied: 0 });
    expect(warnings.join()).toContain('nothing is known');
  });

  it('are asked for by one request an object, for thousands of objects', async () => {
    s3.on(HeadObjectCommand).resolves({ ReplicationStatus: 'COMPLETED' });
    const keys = Array.from({ length: 3000 }, (_, n) => `daily/${n}`);
    expect(await offsiteStatus(client, 'vault', keys)).toEqual({ objects: 3000, copied: 3000, warnings: [] });
    expect(s3.commandCalls(HeadObjectCommand)).toHaveLength(3000);
  });
});
