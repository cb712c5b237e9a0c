import { S3Client } from '@aws-sdk/client-s3';
import { READ_BACK_LIMIT_BYTES } from '../../lib/domain/limits.ts';
import { requireEnv } from '../../lib/runtime/environment.ts';
import { told } from '../../lib/runtime/logger.ts';
import { listArchive } from '../../lib/runtime/pg-restore-list.ts';
import { clientFolders, findClients } from '../../lib/runtime/postgres/clients.ts';
import { readerFor } from '../../lib/runtime/postgres/reader-for.ts';
import { S3Vault } from '../../lib/runtime/s3-vault.ts';
import { verify } from './verify.ts';

const clients = await findClients(await clientFolders(requireEnv('PATH')));

export const handler = told(
  'Verify',
  verify({
    vault: new S3Vault(new S3Client(), requireEnv('VAULT_BUCKET')),
    now: () => new Date(),
    lister: (major) => listArchive(readerFor(clients, major).pgRestore),
    readBackLimitBytes: READ_BACK_LIMIT_BYTES,
  }),
);
