import { CloudWatchClient } from '@aws-sdk/client-cloudwatch';
import { S3Client } from '@aws-sdk/client-s3';
import { SNSClient } from '@aws-sdk/client-sns';
import { requireEnv } from '../../lib/runtime/environment.ts';
import { told } from '../../lib/runtime/logger.ts';
import { CloudWatchMetrics } from '../../lib/runtime/metrics.ts';
import { SnsNotifier } from '../../lib/runtime/notifier.ts';
import { offsiteStatus } from '../../lib/runtime/offsite-status.ts';
import { S3Vault } from '../../lib/runtime/s3-vault.ts';
import { report } from './report.ts';

const s3 = new S3Client();
const bucket = requireEnv('VAULT_BUCKET');

export const handler = told(
  'Report',
  report({
    vault: new S3Vault(s3, bucket),
    offsiteStatus: (keys) => offsiteStatus(s3, bucket, keys),
    notifier: new SnsNotifier(new SNSClient(), requireEnv('TOPIC_ARN')),
    metrics: new CloudWatchMetrics(new CloudWatchClient(), requireEnv('METRIC_NAMESPACE')),
    now: () => new Date(),
  }),
);
