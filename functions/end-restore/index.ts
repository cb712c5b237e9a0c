import { setTimeout as pause } from 'node:timers/promises';
import { CloudWatchClient } from '@aws-sdk/client-cloudwatch';
import { ECSClient } from '@aws-sdk/client-ecs';
import { S3Client } from '@aws-sdk/client-s3';
import { SNSClient } from '@aws-sdk/client-sns';
import { EcsServices } from '../../lib/runtime/ecs-services.ts';
import { requireEnv } from '../../lib/runtime/environment.ts';
import { told } from '../../lib/runtime/logger.ts';
import { CloudWatchMetrics } from '../../lib/runtime/metrics.ts';
import { SnsNotifier } from '../../lib/runtime/notifier.ts';
import { S3Vault } from '../../lib/runtime/s3-vault.ts';
import { endRestore } from './end-restore.ts';

export const handler = told(
  'EndRestore',
  endRestore({
    vault: new S3Vault(new S3Client(), requireEnv('VAULT_BUCKET')),
    services: new EcsServices(new ECSClient()),
    notifier: new SnsNotifier(new SNSClient(), requireEnv('TOPIC_ARN')),
    metrics: new CloudWatchMetrics(new CloudWatchClient(), requireEnv('METRIC_NAMESPACE')),
    now: () => new Date(),
    pause: (milliseconds) => pause(milliseconds),
  }),
);
