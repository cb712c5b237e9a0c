import { Logger } from '@aws-lambda-powertools/logger';
import { S3Client } from '@aws-sdk/client-s3';
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { Failure } from '../../lib/domain/outcomes.ts';
import { requireEnv } from '../../lib/runtime/environment.ts';
import { awsCredentialSources } from '../../lib/runtime/postgres/aws-credential-sources.ts';
import { clientFolders, findClients } from '../../lib/runtime/postgres/clients.ts';
import { S3Vault } from '../../lib/runtime/s3-vault.ts';
import { NETWORK_LIMITS, SILENT } from '../../lib/runtime/task-network.ts';
import { systemTicker } from '../../lib/runtime/ticker.ts';
import { type RestoreTaskReport, restoreTask } from './restore-task.ts';

/** Composes the task from the environment and runs it; returns the exit code. */
export async function run(): Promise<number> {
  const stop = new AbortController();
  for (const signal of ['SIGTERM', 'SIGINT'] as const)
    process.on(signal, () => stop.abort(new Failure('cancelled', `the task was told to stop (${signal})`)));
  const name = requireEnv('RESTORE_NAME');
  const item = Number(requireEnv('ITEM'));
  const volumeFolder = process.env.VOLUME_FOLDER;
  const logger = new Logger({ serviceName: 'restore' });
  logger.appendKeys({ restore: name, item });
  return restoreTask(
    { name, item },
    {
      vault: new S3Vault(new S3Client({ requestHandler: NETWORK_LIMITS, logger: SILENT }), requireEnv('VAULT_BUCKET')),
      credentials: awsCredentialSources(new SecretsManagerClient({ requestHandler: NETWORK_LIMITS })),
      clients: async () => findClients(await clientFolders(process.env.PATH ?? '')),
      ...(volumeFolder && { volumeFolder }),
      ticker: systemTicker,
      now: () => new Date(),
      signal: stop.signal,
    },
    reportTo(logger),
  );
}

/** Names and numbers, no output of programs. */
const reportTo = (logger: Logger): RestoreTaskReport => ({
  started: ({ key, kind, sourceId }) => logger.info('Restore:Started', { key, kind, sourceId }),
  phase: (phase) => logger.info('Restore:Phase', { phase }),
  done: ({ restored, bytes, seconds, warnings }) => logger.info('Restore:Done', { restored, bytes, seconds, warnings }),
  failed: (facts, thrown) => logger.error('Restore:Failed', { ...facts, cause: nameOf(thrown) }),
  unrecorded: (thrown) => logger.error('Record:Failed', { cause: nameOf(thrown) }),
});

const nameOf = (thrown: unknown): string => (thrown instanceof Error ? thrown.name : typeof thrown);
