import { Logger } from '@aws-lambda-powertools/logger';
import { S3Client } from '@aws-sdk/client-s3';
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { Failure } from '../../lib/domain/outcomes.ts';
import { partSizes } from '../../lib/domain/store/part-plan.ts';
import { requireEnv } from '../../lib/runtime/environment.ts';
import { awsCredentialSources } from '../../lib/runtime/postgres/aws-credential-sources.ts';
import { clientFolders, findClients } from '../../lib/runtime/postgres/clients.ts';
import { S3Vault } from '../../lib/runtime/s3-vault.ts';
import { NETWORK_LIMITS, SILENT } from '../../lib/runtime/task-network.ts';
import { systemTicker } from '../../lib/runtime/ticker.ts';
import { findGnuTar } from '../../lib/runtime/tree/gnu-tar.ts';
import { MultipartUpload } from '../../lib/runtime/upload/multipart-upload.ts';
import type { DumpObserver } from './dump-job.ts';
import { dumpTask } from './dump-task.ts';
import { taskLog } from './task-log.ts';

/** Composes the task from the environment and runs it; returns the exit code. `watch` can see more than the log does. */
export async function run(watch: (log: DumpObserver) => DumpObserver = (log) => log): Promise<number> {
  const stop = new AbortController();
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.on(signal, () => stop.abort(new Failure('cancelled', `the task was told to stop (${signal})`)));
  }
  const path = process.env.PATH ?? '';
  const volumeFolder = process.env.VOLUME_FOLDER;
  const bucket = requireEnv('VAULT_BUCKET');
  const s3 = new S3Client({ requestHandler: NETWORK_LIMITS, logger: SILENT });
  const vault = new S3Vault(s3, bucket);
  const { observer, report } = taskLog(new Logger({ serviceName: 'dump' }), systemTicker);

  return dumpTask(
    { planKey: requireEnv('PLAN_KEY'), sourceId: requireEnv('SOURCE_ID') },
    {
      vault,
      newUpload: ({ key, tags, expectedBytes, stored }) =>
        new MultipartUpload(s3, {
          bucket,
          key,
          tags,
          stored,
          partSizes: partSizes({ expectedBytes }),
          head: (present) => vault.head(present),
        }),
      credentials: awsCredentialSources(new SecretsManagerClient({ requestHandler: NETWORK_LIMITS })),
      clients: async () => findClients(await clientFolders(path)),
      tar: () => findGnuTar(path),
      ...(volumeFolder && { volumeFolder }),
      now: () => new Date(),
      ticker: systemTicker,
      stop: stop.signal,
      observer: watch(observer),
    },
    report,
  );
}
