import { CloudWatchClient } from '@aws-sdk/client-cloudwatch';
import { S3Client } from '@aws-sdk/client-s3';
import { SNSClient } from '@aws-sdk/client-sns';
import { requireEnv } from '../../lib/runtime/environment.ts';
import { told } from '../../lib/runtime/logger.ts';
import { CloudWatchMetrics } from '../../lib/runtime/metrics.ts';
import { SnsNotifier } from '../../lib/runtime/notifier.ts';
import { S3Vault } from '../../lib/runtime/s3-vault.ts';
import { endPatrol } from './end-patrol.ts';

export const handler = told(
  'EndPatrol',
  endPatrol({
    vault: new S3Vault(new S3Client(), requireEnv('VAULT_BUCKET')),
    notifier: new SnsNotifier(new SNSClient(), requireEnv('TOPIC_ARN')),
    metrics: new CloudWatchMetrics(new CloudWatchClient(), requireEnv('METRIC_NAMESPACE')),
    now: () => new Date(),
  }),
);
