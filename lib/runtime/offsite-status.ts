import { HeadObjectCommand, type ReplicationStatus, type S3Client } from '@aws-sdk/client-s3';
import { judgeOffsite, type OffsiteCopy, type OffsiteState, type OffsiteSummary } from '../domain/store/offsite.ts';
import { inTurn } from './in-turn.ts';
import { isAbsent } from './storage-failure.ts';

/** S3 has two spellings of success, and calls an object that itself came from another bucket a replica. */
const STATES: Readonly<Record<ReplicationStatus, OffsiteState>> = {
  COMPLETE: 'copied',
  COMPLETED: 'copied',
  REPLICA: 'copied',
  PENDING: 'waiting',
  FAILED: 'failed',
};

/**
 * Asks S3 which of these objects have arrived off-site; the vault answers, so that no right on the other bucket is needed.
 * Never throws: a vault that does not answer is one more warning, and costs no run its report.
 */
export async function offsiteStatus(s3: S3Client, bucket: string, keys: readonly string[]): Promise<OffsiteSummary> {
  return judgeOffsite(await inTurn(keys, (key) => copyOf(s3, bucket, key)));
}

async function copyOf(s3: S3Client, bucket: string, key: string): Promise<OffsiteCopy> {
  try {
    const { ReplicationStatus } = await s3.send(new HeadObjectCommand({ Bucket: bucket, Key: key }));
    // a word that S3 has learned since is no proof of anything
    return { key, state: ReplicationStatus === undefined ? 'never' : (STATES[ReplicationStatus] ?? 'unknown') };
  } catch (error) {
    return { key, state: isAbsent(error) ? 'gone' : 'unknown' };
  }
}
