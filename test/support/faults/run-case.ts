import type { S3ClientConfig } from '@aws-sdk/client-s3';
import { planKey } from '../../../lib/domain/backup/keys.ts';
import type { Source } from '../../../lib/domain/source/source.ts';
import { slotOf } from '../../../lib/domain/time/slot.ts';
import { S3Vault } from '../../../lib/runtime/s3-vault.ts';
import { planOf } from '../night.ts';
import { CaseClock } from './case-clock.ts';
import { type CaseContext, jobOf } from './case-context.ts';
import { CaseNotes, type CaseResult } from './case-result.ts';
import { CaseVault, s3Client } from './case-vault.ts';
import { type DrawnCase, drawCase } from './draw-case.ts';
import type { FaultKind } from './fault-kinds.ts';
import { Inflictions } from './inflict.ts';
import type { GatedServer, LaneRig } from './lane-rig.ts';
import { runJob } from './night-of-case.ts';
import { goodOnesRestore, nothingOverwritten, nothingPartial, oneSweepClears, saysTheTruth } from './oracle.ts';
import { isDatabase } from './sources.ts';

/** How long a client of a case waits for a word of the store; the product's waits a minute. */
const PATIENCE: S3ClientConfig = { requestHandler: { connectionTimeout: 1_000, socketTimeout: 1_000 } };

/** What cannot be inflicted in a lane. */
const impossibleIn = (rig: LaneRig): readonly FaultKind[] => (rig.smallDisk === undefined ? ['disk-full'] : []);

/** Case `index` of a seed: one source, one night with what was drawn for it, one sweep, and what must hold afterwards. */
export async function runCase(rig: LaneRig, seed: number, index: number): Promise<CaseResult> {
  const drawn = drawCase(seed, index, impossibleIn(rig));
  const context = await beginCase(rig, drawn);
  const { notes, store, s3, clock } = context;
  try {
    const inflictions = new Inflictions(context);
    const vault = new S3Vault(s3, store.bucket);
    const dump = (n: number) => inflictions.dump(n);
    try {
      const end = await runJob(jobOf(context), { vault, clients: rig.clients, now: () => clock.now(), dump });
      notes.count(`tries: ${end.tries}`);
      await nothingPartial(context);
    } finally {
      await inflictions.end();
    }
    for (const [kind, met] of inflictions.met()) notes.count(met ? `fired: ${kind}` : `not met: ${kind}`);
    await afterwards(context);
  } finally {
    await endCase(context);
  }
  return notes;
}

/** What must hold after any night, and after the sweep that follows it. */
async function afterwards(context: CaseContext): Promise<void> {
  await nothingPartial(context);
  const good = await goodOnesRestore(context);
  await saysTheTruth(context, good);
  await oneSweepClears(context);
  await nothingOverwritten(context);
}

/** An empty bucket with the claim of a night that has one source. */
export async function beginCase(rig: LaneRig, drawn: DrawnCase): Promise<CaseContext> {
  const clock = new CaseClock();
  const slot = slotOf(clock.now());
  const gated = serverOf(rig, drawn);
  const source = sourceOf(rig, drawn);
  const bucket = `lane${rig.number}-${drawn.seed}-${drawn.index}`;
  const store = await CaseVault.create(rig.places.s3, rig.s3, bucket);
  const plan = planOf([source], { slot, claimedAt: clock.now().toISOString() });
  await store.vault.putOnce(planKey(plan), plan);
  rig.proxy.countAnew();
  const s3 = s3Client({ ...rig.places.s3, endpoint: rig.proxy.endpoint }, { ...PATIENCE, maxAttempts: drawn.sdkAttempts });
  return { rig, drawn, store, s3, source, slot, planKey: planKey(plan), gated, clock, notes: new CaseNotes() };
}

export async function endCase({ rig, s3, store }: CaseContext): Promise<void> {
  rig.proxy.forget();
  s3.destroy();
  await store.remove();
}

function serverOf(rig: LaneRig, { faults, server }: DrawnCase): GatedServer {
  if (faults.some(({ kind }) => kind === 'replica-conflict')) return rig.standby;
  const chosen = rig.servers[Math.floor(server * rig.servers.length)];
  if (!chosen) throw new Error('there is no server');
  return chosen;
}

function sourceOf(rig: LaneRig, { shape, compression, faults }: DrawnCase): Source {
  const lockWaitSeconds = faults.some(({ kind }) => kind === 'lock-held') ? 1 : 60;
  const common = {
    id: 'case',
    enabled: true,
    keep: { daily: '7d' },
    limits: { lockWaitSeconds, noProgressSeconds: 60, deadlineSeconds: 3_600 },
  };
  if (!isDatabase(shape))
    return { ...common, kind: 'files', volume: 'case', folder: shape, roots: ['.'], exclude: [], compression: 'gzip:1' };
  return {
    ...common,
    kind: 'database',
    database: rig.database(shape),
    compression: shape === 'parts' ? 'none' : compression,
    connection: { secret: 'case', auth: 'password', sslMode: 'disable' },
  };
}
