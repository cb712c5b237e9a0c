import { setTimeout as pause } from 'node:timers/promises';
import { ECSClient } from '@aws-sdk/client-ecs';
import { S3Client } from '@aws-sdk/client-s3';
import { EcsServices } from '../../lib/runtime/ecs-services.ts';
import { requireEnv } from '../../lib/runtime/environment.ts';
import { told } from '../../lib/runtime/logger.ts';
import { S3Vault } from '../../lib/runtime/s3-vault.ts';
import { services } from './services.ts';

export const handler = told(
  'Services',
  services({
    vault: new S3Vault(new S3Client(), requireEnv('VAULT_BUCKET')),
    services: new EcsServices(new ECSClient()),
    now: () => new Date(),
    pause: (milliseconds) => pause(milliseconds),
  }),
);
