import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Logger } from '@aws-lambda-powertools/logger';
import { z } from 'zod';
import { Failure } from '../../lib/domain/outcomes.ts';
import { requireEnv } from '../../lib/runtime/environment.ts';
import { clientFolders, findClients } from '../../lib/runtime/postgres/clients.ts';
import { findServers } from '../../lib/runtime/postgres/server-programs.ts';
import { reachableTmpdir, unprivilegedUser } from '../../lib/runtime/postgres/unprivileged.ts';
import { DRILL_LIMITS } from './drill-limits.ts';
import { drillLog } from './drill-log.ts';
import { drillTask } from './drill-task.ts';

const Probes = z.array(z.string().min(1));

/** Composes the task from the environment and runs it; returns the exit code. */
export async function run(): Promise<number> {
  const stop = new AbortController();
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.on(signal, () => stop.abort(new Failure('cancelled', `the task was told to stop (${signal})`)));
  }
  const folders = clientFolders(process.env.PATH ?? '');
  return drillTask(
    {
      archiveUrl: requireEnv('ARCHIVE_URL'),
      manifestUrl: requireEnv('MANIFEST_URL'),
      evidenceUrl: requireEnv('EVIDENCE_URL'),
      probes: Probes.parse(JSON.parse(process.env.PROBES || '[]')),
      storageBytes: z.coerce.number().positive().parse(requireEnv('STORAGE_BYTES')),
    },
    {
      clients: async () => findClients(await folders),
      servers: async () => findServers(await folders),
      now: () => new Date(),
      ticks: () => performance.now(),
      // a server that may not run as root must reach it as another user
      scratch: join(unprivilegedUser() ? reachableTmpdir() : tmpdir(), 'nightproof-drill-'),
      limits: DRILL_LIMITS,
      stop: stop.signal,
    },
    drillLog(new Logger({ serviceName: 'drill' })),
  );
}
