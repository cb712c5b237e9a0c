import { S3Client } from '@aws-sdk/client-s3';
import { requireEnv } from '../../lib/runtime/environment.ts';
import { told } from '../../lib/runtime/logger.ts';
import { S3Vault } from '../../lib/runtime/s3-vault.ts';
import { openUploadsOf } from '../../lib/runtime/upload/all-open-uploads.ts';
import { sweep } from './sweep.ts';

const s3 = new S3Client();
const bucket = requireEnv('VAULT_BUCKET');

export const handler = told(
  'Sweep',
  sweep({ vault: new S3Vault(s3, bucket), uploads: openUploadsOf(s3, bucket), now: () => new Date() }),
);
