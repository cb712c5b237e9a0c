import { S3Vault } from '../../../lib/runtime/s3-vault.ts';
import { type CaseContext, jobOf } from './case-context.ts';
import { runJob, type TaskEnd } from './night-of-case.ts';

/** Verifies and commits what another task made, past all faults: to the end of the job of its source. */
export async function commitDirectly(context: CaseContext, end: TaskEnd): Promise<void> {
  const { rig, store, clock } = context;
  const now = () => clock.now();
  await runJob(jobOf(context), { vault: new S3Vault(rig.s3, store.bucket), clients: rig.clients, now, dump: async () => end });
}
