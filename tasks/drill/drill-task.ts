import { Manifest } from '../../lib/domain/backup/manifest.ts';
import type { DrillEvidence, DrillPhase } from '../../lib/domain/drill/evidence.ts';
import { Failure, type FailureFacts, factsOfThrown, type Reason } from '../../lib/domain/outcomes.ts';
import { TASK_EXIT } from '../../lib/domain/run/task-exit.ts';
import { drillBackup } from './drill-backup.ts';
import type { DrillDependencies, DrillRequest } from './drill-job.ts';
import { DrillNotes } from './drill-notes.ts';
import { readPresigned, storeOnce } from './presigned.ts';

/** No manifest that nightproof writes comes near: one of 100,000 tables has 20 MB. */
const MANIFEST_LIMIT_BYTES = 256 * 1024 ** 2;

/** Where the task tells what it did, for the log. */
export interface DrillReport {
  started(manifest: Manifest): void;
  entered(phase: DrillPhase): void;
  done(evidence: DrillEvidence, stored: boolean): void;
  failed(facts: FailureFacts, thrown: unknown): void;
}

/** What says nothing of the backup: the drill did not take place. */
const NOT_DONE: ReadonlySet<Reason> = new Set(['cancelled', 'storage']);

/**
 * Tests whether a backup restores, and stores the evidence. Returns the exit code: `done` for a backup that came back as it was, `failed` for
 * one that did not, both with evidence; any other where no drill took place, and so nothing is known.
 */
export async function drillTask(request: DrillRequest, deps: DrillDependencies, report: DrillReport): Promise<number> {
  try {
    const manifest = await readManifest(request, deps.stop);
    report.started(manifest);
    const evidence = await drilled(manifest, request, deps, report);
    const stored = await storeOnce('PUT of the evidence', request.evidenceUrl, JSON.stringify(evidence), deps.stop);
    report.done(evidence, stored);
    return evidence.result === 'passed' ? TASK_EXIT.done : TASK_EXIT.failed;
  } catch (thrown) {
    const facts = factsOfThrown(thrown, 'drill task');
    report.failed(facts, thrown);
    if (facts.reason === 'cancelled') return TASK_EXIT.cancelled;
    return facts.retryable ? TASK_EXIT.tryAgain : TASK_EXIT.failed;
  }
}

async function readManifest({ manifestUrl }: DrillRequest, signal: AbortSignal): Promise<Manifest> {
  const pieces: Uint8Array[] = [];
  let bytes = 0;
  const take = (piece: Uint8Array): void => {
    bytes += piece.length;
    if (bytes > MANIFEST_LIMIT_BYTES) throw new Failure('damaged', `the manifest has more than ${MANIFEST_LIMIT_BYTES} bytes`);
    pieces.push(piece);
  };
  await readPresigned('GET of the manifest', manifestUrl, take, signal);
  const parsed = Manifest.safeParse(parseJson(Buffer.concat(pieces).toString()));
  if (parsed.success) return parsed.data;
  throw new Failure(
    'damaged',
    `the manifest is none that nightproof writes: ${parsed.error.issues[0]?.path.join('.') || 'no JSON'}`,
  );
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

async function drilled(
  manifest: Manifest,
  request: DrillRequest,
  deps: DrillDependencies,
  report: DrillReport,
): Promise<DrillEvidence> {
  const notes = new DrillNotes(deps.ticks, (phase) => report.entered(phase));
  const { key, sourceId, kind, slot, receipt } = manifest;
  const common = () => ({
    version: 1 as const,
    key,
    sourceId,
    kind,
    slot,
    sha256: receipt.sha256,
    at: deps.now().toISOString(),
    ...notes.noted(),
  });
  try {
    await drillBackup(manifest, request, deps, notes);
    return { ...common(), result: 'passed' };
  } catch (thrown) {
    const failure = factsOfThrown(thrown, 'drill task');
    if (NOT_DONE.has(failure.reason)) throw thrown;
    report.failed(failure, thrown);
    return { ...common(), result: 'failed', phase: notes.phase, failure, differences: notes.namedDifferences() };
  }
}
