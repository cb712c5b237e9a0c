import { readFileSync } from 'node:fs';
import { S3Client } from '@aws-sdk/client-s3';
import { ResolvedConfig } from '../../lib/domain/config/config.ts';
import { requireEnv } from '../../lib/runtime/environment.ts';
import { told } from '../../lib/runtime/logger.ts';
import { S3Vault } from '../../lib/runtime/s3-vault.ts';
import { plan } from './plan.ts';

export const handler = told(
  'Plan',
  plan({
    vault: new S3Vault(new S3Client(), requireEnv('VAULT_BUCKET')),
    // lies beside the bundle, so that code and configuration are deployed as one
    config: ResolvedConfig.parse(JSON.parse(readFileSync(new URL('./config.json', import.meta.url), 'utf8'))),
    now: () => new Date(),
  }),
);
