import type { Death } from '../fault-proxy.ts';
import { type CaseContext, jobOf } from './case-context.ts';
import type { CaseResult } from './case-result.ts';
import type { Shape } from './draw-case.ts';
import { dumpDirectly, secretOf } from './dump-try.ts';
import type { LaneRig } from './lane-rig.ts';
import { runJob } from './night-of-case.ts';
import { goodOnesRestore, nothingOverwritten, nothingPartial, oneSweepClears, sweepsNothingAlive } from './oracle.ts';
import { beginCase, endCase } from './run-case.ts';
import { Seeded } from './seeded.ts';
import { TREE_BYTES } from './sources.ts';
import { TaskProcess } from './task-process.ts';

const STEP_BYTES = 256 * 1024;

/** A task that is told to stop may take so long. */
const STOP_LIMIT_MS = 10_000;

/** Requests to the store that a dump makes. */
const REQUESTS = { small: 9, tree: 14, parts: 9, 'large-tree': 14, 'long-tree': 15 } as const;

const STREAM_BYTES: Record<'parts' | 'large-tree' | 'long-tree', number> = { parts: 6.3 * 1024 ** 2, ...TREE_BYTES };

/** Where the task is killed (or something else happens to it), and whether another try follows. */
export type KillPoint = { readonly shape: Shape; readonly retried: boolean } & (
  | { readonly how: 'killed at a request'; readonly request: number; readonly when: Death['when'] }
  | { readonly how: 'killed in the stream'; readonly bytes: number }
  | { readonly how: 'told to stop'; readonly request: number }
  | { readonly how: 'swept beside'; readonly request: number }
);

const upTo = (count: number): readonly number[] => Array.from({ length: count }, (_, n) => n);

const WHEN = ['asked', 'done', 'answered'] as const;

/** Every point once, in order: each request of a small dump before, in and after the store; each 256 KiB of a stream; then the longer ones. */
const SYSTEMATIC: readonly KillPoint[] = [
  ...(['small', 'tree'] as const).flatMap((shape) =>
    upTo(REQUESTS[shape]).flatMap((request) =>
      WHEN.map((when, n) => ({ shape, retried: (request + n) % 2 === 0, how: 'killed at a request' as const, request, when })),
    ),
  ),
  ...(['parts', 'large-tree'] as const).flatMap(inTheStream),
  ...(['small', 'tree'] as const).flatMap((shape) =>
    upTo(REQUESTS[shape]).map((request) => ({ shape, retried: request % 2 === 0, how: 'told to stop' as const, request })),
  ),
  ...(['small', 'tree'] as const).flatMap((shape) =>
    upTo(REQUESTS[shape]).map((request) => ({ shape, retried: false, how: 'swept beside' as const, request })),
  ),
  ...inTheStream('long-tree'),
];

function inTheStream(shape: keyof typeof STREAM_BYTES): readonly KillPoint[] {
  const steps = upTo(Math.floor(STREAM_BYTES[shape] / STEP_BYTES));
  return steps.map((step) => ({ shape, retried: step % 2 === 0, how: 'killed in the stream', bytes: step * STEP_BYTES + 1 }));
}

/** The point with this number: first all of the systematic ones, whatever the seed, then drawn ones. */
function killPoint(seed: number, index: number): KillPoint {
  const systematic = SYSTEMATIC[index];
  if (systematic) return systematic;
  const random = new Seeded(seed, index);
  const shape = random.weighted(['small', 'tree', 'parts', 'large-tree', 'long-tree'] as const, (one) =>
    one === 'small' || one === 'tree' ? 35 : 10,
  );
  const request = random.int(REQUESTS[shape]);
  const retried = random.chance(0.5);
  const how = random.weighted(['killed at a request', 'told to stop', 'swept beside'] as const, (one) =>
    one === 'killed at a request' ? 8 : 1,
  );
  if (shape !== 'small' && shape !== 'tree' && random.chance(0.7))
    return { shape, retried, how: 'killed in the stream', bytes: random.int(STREAM_BYTES[shape]) };
  if (how === 'killed at a request') return { shape, retried, how, request, when: random.pick(WHEN) };
  return { shape, retried, how, request };
}

/** One kill point: a task as a process, what befalls it there, and what must hold then, after a sweep, and after another try. */
export async function runKillPoint(rig: LaneRig, seed: number, index: number): Promise<CaseResult> {
  const point = killPoint(seed, index);
  const server = new Seeded(seed, index).next();
  const { shape, retried } = point;
  const context = await beginCase(rig, { seed, index, shape, server, compression: 'gzip:1', sdkAttempts: 3, faults: [] });
  try {
    await strike(context, point);
    await nothingPartial(context);
    await sweepsNothingAlive(context);
    const commits = retried || point.how === 'swept beside';
    if (commits) await anotherTry(context);
    const good = await goodOnesRestore(context);
    if (commits && good !== 1) context.notes.violate(`after an undisturbed try there are ${good} good backups`);
    if (!commits && good !== 0) context.notes.violate('a backup is called good that nobody verified');
    await oneSweepClears(context);
    await nothingOverwritten(context);
  } finally {
    await endCase(context);
  }
  return context.notes;
}

async function strike(context: CaseContext, point: KillPoint): Promise<void> {
  const { rig, store, planKey, source, gated, notes } = context;
  rig.secrets.text = secretOf(context, gated.server.port);
  const killAt = point.how === 'killed in the stream' ? point.bytes : undefined;
  const task = new TaskProcess(rig, { bucket: store.bucket, planKey, id: source.id }, killAt);
  let struckAt: number | undefined;
  if (point.how === 'killed at a request') {
    const kill = (): void => void task.signal('SIGKILL');
    rig.proxy.inflict({ when: point.when, kill }, { from: point.request });
  } else if (point.how !== 'killed in the stream') {
    const act = async (): Promise<void> => {
      struckAt = performance.now();
      if (point.how === 'told to stop') task.signal('SIGTERM');
      else await sweepsNothingAlive(context);
    };
    rig.proxy.inflict({ before: act }, { from: point.request });
  }
  const end = await task.end();
  rig.proxy.forget();
  const exitCode = end === 'timed out' ? undefined : end.exitCode;

  const killed = point.how.startsWith('killed');
  const met = killed ? exitCode === null : struckAt !== undefined;
  notes.count(met ? `fired: ${point.how}` : `not met: ${point.how}`);
  if (point.how === 'swept beside' && exitCode !== 0) notes.violate(`a sweep beside it made the task end with ${exitCode}`);
  if (point.how !== 'told to stop' || struckAt === undefined) return;
  const ms = performance.now() - struckAt;
  notes.measure('ms from SIGTERM to the end', Math.round(ms));
  if (ms > STOP_LIMIT_MS) notes.violate(`told to stop, the task took ${Math.round(ms)} ms`);
  if (exitCode !== 143 && exitCode !== 0) notes.violate(`told to stop, the task ended with ${exitCode}`);
  const open = await store.openUploads();
  if (open.length > 0) notes.violate(`told to stop, the task left the upload of ${open[0]} open`);
}

/** What the night does next: dump, verify, manifest, without any fault. */
async function anotherTry(context: CaseContext): Promise<void> {
  const { rig, store, clock } = context;
  const dump = () => dumpDirectly(context);
  await runJob(jobOf(context), { vault: store.vault, clients: rig.clients, now: () => clock.now(), dump });
}
