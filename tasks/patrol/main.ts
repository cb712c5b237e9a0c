import { Logger } from '@aws-lambda-powertools/logger';
import { S3Client } from '@aws-sdk/client-s3';
import { Failure } from '../../lib/domain/outcomes.ts';
import { requireEnv } from '../../lib/runtime/environment.ts';
import { clientFolders, findClients } from '../../lib/runtime/postgres/clients.ts';
import { S3Vault } from '../../lib/runtime/s3-vault.ts';
import { NETWORK_LIMITS, SILENT } from '../../lib/runtime/task-network.ts';
import { patrolTask } from './patrol-task.ts';

const logger = new Logger({ serviceName: 'patrol' });
const stop = new AbortController();
for (const signal of ['SIGTERM', 'SIGINT'] as const)
  process.on(signal, () => stop.abort(new Failure('cancelled', `the task was told to stop (${signal})`)));

const code = await patrolTask(requireEnv('PATROL_KEY'), {
  vault: new S3Vault(new S3Client({ requestHandler: NETWORK_LIMITS, logger: SILENT }), requireEnv('VAULT_BUCKET')),
  clients: await findClients(await clientFolders(process.env.PATH ?? '')),
  now: () => new Date(),
  stop: stop.signal,
  report: {
    started: ({ name, keys, of }) => logger.info('Patrol:Started', { patrol: name, backups: keys.length, of }),
    checked: (finding) => logger[finding.result === 'intact' ? 'info' : 'error'](`Patrol:${finding.result}`, { ...finding }),
    unrecorded: (key, failure) => logger.error('Patrol:Unrecorded', { key, ...failure }),
    failed: (failure) => logger.error('Patrol:Failed', { ...failure }),
  },
});
process.exit(code);
