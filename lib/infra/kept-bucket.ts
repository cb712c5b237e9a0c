import { Duration, RemovalPolicy } from 'aws-cdk-lib';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import { BlockPublicAccess, BucketEncryption, type BucketProps, ObjectLockRetention } from 'aws-cdk-lib/aws-s3';
import type { Config } from '../domain/config/config.ts';
import { parseDuration } from '../domain/time/duration.ts';

/** Longer than the longest run (12 h), so that no living upload is cut off. */
const ABORT_UPLOADS_AFTER = Duration.days(2);

/** How long something that was removed can still be brought back: the old versions behind the delete markers. */
const KEEP_REMOVED_DAYS = 14;

type Lock = NonNullable<Config['objectLock']>;

/**
 * The settings of a bucket that holds backups, here or off-site: versions, KMS, TLS, nothing public, outliving its stack. No rule
 * in it ever expires a current object: deleting backups is retention's, which explains itself.
 */
export function keptBucket(key: IKey, lock?: Lock): BucketProps {
  return {
    versioned: true,
    encryption: BucketEncryption.KMS,
    encryptionKey: key,
    bucketKeyEnabled: true,
    blockPublicAccess: BlockPublicAccess.BLOCK_ALL,
    enforceSSL: true,
    minimumTLSVersion: 1.2,
    removalPolicy: RemovalPolicy.RETAIN,
    ...(lock && { objectLockEnabled: true, objectLockDefaultRetention: retentionOf(lock) }),
    lifecycleRules: [
      { id: 'abort-unfinished-uploads', abortIncompleteMultipartUploadAfter: ABORT_UPLOADS_AFTER },
      { id: 'forget-removed', noncurrentVersionExpiration: keepRemovedFor(lock), expiredObjectDeleteMarker: true },
    ],
  };
}

const retentionOf = (lock: Lock): ObjectLockRetention => ObjectLockRetention[lock.mode](Duration.days(lockDays(lock)));

/** A version is locked from when it was written, which is before it was removed: after as many days again no lock stands in the way. */
const keepRemovedFor = (lock?: Lock): Duration => Duration.days(Math.max(KEEP_REMOVED_DAYS, lock ? lockDays(lock) : 0));

/** The configuration admits whole days only. */
const lockDays = ({ keep }: Lock): number => (parseDuration(keep) as number) / 86_400;
