import { resolve } from 'node:path';
import { S3Client } from '@aws-sdk/client-s3';
import { startS3 } from '../../local/servers/s3-server.ts';
import { thisMachine } from '../../local/setup/machine.ts';
import { ensurePython } from '../../local/setup/python.ts';
import { ensureVersitygw } from '../../local/setup/versitygw.ts';
import { S3Vault } from '../../runtime/s3-vault.ts';
import { CliError } from '../terminal/cli-error.ts';
import { EXIT } from '../terminal/exit-codes.ts';
import type { Backend, Purpose } from './backend.ts';
import { type LocalOptions, openLocalCloud } from './local-cloud-backend.ts';
import { localOperations } from './local-operations.ts';
import { localPlace } from './local-place.ts';
import { localBucket } from './local-vault.ts';

/** Opens the local cloud in a folder: all of it for a run, only its vault to look at. */
export function openLocal(folder: string, purpose: Purpose, options: LocalOptions): Promise<Backend> {
  const dir = resolve(folder);
  return purpose.does === 'read' || purpose.does === 'download' ? openVault(dir, options) : openLocalCloud(dir, purpose, options);
}

async function openVault(dir: string, { report }: LocalOptions): Promise<Backend> {
  const bucket = localBucket(dir);
  const machine = thisMachine(report);
  const versitygw = await ensureVersitygw(machine, () => ensurePython(machine));
  const server = await startS3(versitygw, { dataDir: `${dir}/vault` });
  const { endpoint, region, accessKeyId, secretAccessKey } = server;
  const s3 = new S3Client({ endpoint, region, credentials: { accessKeyId, secretAccessKey }, forcePathStyle: true });
  return {
    ...localPlace(dir, bucket),
    vault: new S3Vault(s3, bucket),
    operations: async () => localOperations(dir),
    start: () => Promise.reject(new CliError(EXIT.unreachable, 'only the vault was opened, to look at it', 'Report it.')),
    close: async () => {
      s3.destroy();
      await server.stop();
    },
  };
}
