import { readFileSync } from 'node:fs';
import { S3Client } from '@aws-sdk/client-s3';
import { ResolvedConfig } from '../../lib/domain/config/config.ts';
import { requireEnv } from '../../lib/runtime/environment.ts';
import { told } from '../../lib/runtime/logger.ts';
import { S3Vault } from '../../lib/runtime/s3-vault.ts';
import { planPatrol } from './plan-patrol.ts';

// lies beside the bundle, so that code and configuration are deployed as one
const config = ResolvedConfig.parse(JSON.parse(readFileSync(new URL('./config.json', import.meta.url), 'utf8')));

export const handler = told(
  'PlanPatrol',
  planPatrol({ vault: new S3Vault(new S3Client(), requireEnv('VAULT_BUCKET')), share: config.patrol.share }),
);
