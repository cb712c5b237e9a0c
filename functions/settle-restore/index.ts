import { S3Client } from '@aws-sdk/client-s3';
import { requireEnv } from '../../lib/runtime/environment.ts';
import { told } from '../../lib/runtime/logger.ts';
import { S3Vault } from '../../lib/runtime/s3-vault.ts';
import { settleRestore } from './settle-restore.ts';

export const handler = told(
  'SettleRestore',
  settleRestore({ vault: new S3Vault(new S3Client(), requireEnv('VAULT_BUCKET')), now: () => new Date() }),
);
