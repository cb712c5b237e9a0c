import type { Receipt } from '../../lib/domain/backup/receipt.ts';
import { Failure } from '../../lib/domain/outcomes.ts';
import { artifactKeyOf, artifactOf } from '../../lib/domain/source/artifact-of.ts';
import { artifactSink, type SentArtifact } from '../../lib/runtime/artifact-sink.ts';
import { TryRecords } from '../../lib/runtime/try-records.ts';
import type { MultipartUpload } from '../../lib/runtime/upload/multipart-upload.ts';
import { whenAborted } from '../../lib/runtime/when-aborted.ts';
import { adoptStored } from './adopt.ts';
import type { DumpDependencies, DumpJob, DumpResult } from './dump-job.ts';
import { prepare } from './prepare.ts';
import type { Bench, KindFacts, Prepared, Produced } from './producer.ts';
import { Watchdog } from './watchdog.ts';

/**
 * Backs one source up into the vault, once. In this order, and no step is passed before the one above it has succeeded:
 * 1. an object that an earlier try of this slot completed is adopted
 * 2. preflight: what is to be backed up is there, and can be read
 * 3. the programs of its kind stream to the vault, to the hashes and to what reads the stream back; all end well
 * 4. the vault has every part, and the size is not refused
 * 5. what lies beside the artifact (a list of members) is stored, and the receipt is written
 * 6. the object appears
 * Throws a `Failure`, and leaves neither object nor open upload then.
 */
export async function backUp(job: DumpJob, deps: DumpDependencies): Promise<DumpResult> {
  const { source, slot } = job;
  const key = artifactKeyOf(source, slot);
  const tries = new TryRecords(deps.vault, slot, source.id);
  const adopted = await adoptStored(deps.vault, tries, key);
  if (adopted) return { how: 'adopted', receipt: adopted };

  const halt = new AbortController();
  const watchdog = new Watchdog({ ...source.limits, ticker: deps.ticker, stop: (failure) => halt.abort(failure) });
  const signal = AbortSignal.any([deps.stop, halt.signal]);
  try {
    return await backUpUnder(signal, watchdog, { job, key, tries, deps });
  } catch (error) {
    // whatever broke after it was told to stop, broke because of that
    if (signal.aborted) throw signal.reason;
    // another try of this slot, that was thought dead, was faster
    const faster = error instanceof Failure && error.reason === 'conflict' && (await adoptStored(deps.vault, tries, key));
    if (faster) return { how: 'adopted', receipt: faster };
    throw error;
  } finally {
    watchdog.end();
  }
}

interface Attempt {
  readonly job: DumpJob;
  readonly key: string;
  readonly tries: TryRecords;
  readonly deps: DumpDependencies;
}

async function backUpUnder(signal: AbortSignal, watchdog: Watchdog, attempt: Attempt): Promise<DumpResult> {
  const { job, tries, deps } = attempt;
  const startedAt = deps.now().toISOString();
  const bench = benchFor(attempt, signal, watchdog);
  const prepared = await prepare(job.source, bench);
  const { expectedBytes } = prepared;
  const upload = deps.newUpload({ ...bench.to, expectedBytes, stored: bench.moved });
  try {
    // an earlier try that was killed could not clear up after itself
    await upload.abortLeftovers().catch((error: unknown) => deps.observer.leftBehind?.(error));
    const made = await send(prepared, upload, bench, attempt);
    watchdog.end();
    signal.throwIfAborted();

    const receipt = receiptOf(attempt, startedAt, made);
    await tries.add({ result: 'receipt', receipt });
    // the point of no return: from here on a request to stop comes too late
    await deps.observer.completing?.(receipt);
    await upload.complete();
    await deps.observer.completed?.(receipt);
    return { how: 'stored', receipt };
  } catch (error) {
    await upload.abort().catch((left: unknown) => deps.observer.leftBehind?.(left));
    throw error;
  }
}

function benchFor({ job, key, deps }: Attempt, signal: AbortSignal, watchdog: Watchdog): Bench {
  const { tier, sourceId } = artifactOf(job.source, job.slot);
  return {
    deps,
    to: { key, tags: { tier, source: sourceId, slot: job.slot } },
    signal,
    streamed: (bytes, processes) => {
      watchdog.progress();
      deps.observer.streamed?.(bytes, processes);
    },
    moved: () => watchdog.progress(),
  };
}

/** An artifact that the vault has every part of. */
interface Made {
  readonly artifact: SentArtifact;
  readonly facts: KindFacts;
  readonly warnings: readonly string[];
}

async function send(prepared: Prepared, upload: MultipartUpload, bench: Bench, { job, key }: Attempt): Promise<Made> {
  const { recipients, minBytes = 0 } = job.source;
  let produced: Produced | undefined;
  try {
    const sink = await artifactSink(upload, recipients);
    produced = await prepared.produce(sink);
    const artifact = await Promise.race([sink.finish(), whenAborted(bench.signal)]);
    if (artifact.bytes < minBytes)
      throw new Failure('too-small', `${key} would have ${artifact.bytes} bytes; minSize asks for ${minBytes}`);
    return { artifact, facts: await Promise.race([produced.facts(), whenAborted(bench.signal)]), warnings: produced.warnings };
  } finally {
    await produced?.release?.();
  }
}

function receiptOf({ job, key, deps }: Attempt, startedAt: string, { artifact, facts, warnings }: Made): Receipt {
  return {
    ...facts,
    sourceId: job.source.id,
    slot: job.slot,
    key,
    ...artifact,
    startedAt,
    finishedAt: deps.now().toISOString(),
    warnings: [...warnings],
  };
}
