import { Logger } from '@aws-lambda-powertools/logger';
import { S3Client } from '@aws-sdk/client-s3';
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { Failure, factsOfThrown } from '../../lib/domain/outcomes.ts';
import { TASK_EXIT } from '../../lib/domain/run/task-exit.ts';
import { requireEnv } from '../../lib/runtime/environment.ts';
import { awsCredentialSources } from '../../lib/runtime/postgres/aws-credential-sources.ts';
import { readPlan } from '../../lib/runtime/run-documents.ts';
import { S3Vault } from '../../lib/runtime/s3-vault.ts';
import { NETWORK_LIMITS, SILENT } from '../../lib/runtime/task-network.ts';
import { TryRecords } from '../../lib/runtime/try-records.ts';
import { discover } from './discover.ts';

const logger = new Logger();
const stop = new AbortController();
for (const signal of ['SIGTERM', 'SIGINT'] as const)
  process.on(signal, () => stop.abort(new Failure('cancelled', `the task was told to stop (${signal})`)));

process.exit(await run());

async function run(): Promise<number> {
  const groupId = requireEnv('SOURCE_ID');
  const vault = new S3Vault(new S3Client({ requestHandler: NETWORK_LIMITS, logger: SILENT }), requireEnv('VAULT_BUCKET'));
  const plan = await readPlan(vault, requireEnv('PLAN_KEY'));
  logger.appendKeys({ sourceId: groupId, slot: plan.slot });
  try {
    const { sources, notes } = await discover(plan, groupId, {
      vault,
      credentials: awsCredentialSources(new SecretsManagerClient({ requestHandler: NETWORK_LIMITS })),
      volumeFolder: process.env.VOLUME_FOLDER,
      now: () => new Date(),
      stop: stop.signal,
    });
    logger.info('Discover:Done', { sources: sources.length, notes: notes.length });
    return TASK_EXIT.done;
  } catch (thrown) {
    const failure = factsOfThrown(stop.signal.aborted ? stop.signal.reason : thrown, 'discover task');
    logger.error('Discover:Failed', { ...failure });
    await new TryRecords(vault, plan.slot, groupId).add({ result: 'failure', at: new Date().toISOString(), failure });
    if (failure.reason === 'cancelled') return TASK_EXIT.cancelled;
    return failure.retryable ? TASK_EXIT.tryAgain : TASK_EXIT.failed;
  }
}
