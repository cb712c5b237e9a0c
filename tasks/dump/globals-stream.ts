import type { GlobalsContents } from '../../lib/domain/backup/receipt.ts';
import type { ArtifactSink } from '../../lib/runtime/artifact-sink.ts';
import { type ChildCommand, type PipedChild, startChild, succeeded } from '../../lib/runtime/child.ts';
import { GlobalsScanner } from '../../lib/runtime/postgres/globals-scanner.ts';
import { ProgramEnded } from '../../lib/runtime/postgres/program-ended.ts';
import { whenAborted } from '../../lib/runtime/when-aborted.ts';
import type { DumpProcesses } from './dump-job.ts';

export interface GlobalsStream {
  readonly pgDumpall: ChildCommand;
  readonly sink: ArtifactSink;
  readonly signal: AbortSignal;
  /** Called with every piece of the stream. */
  readonly streamed: (bytes: number, processes: DumpProcesses) => void;
}

export interface StreamedGlobals {
  readonly contents: Omit<GlobalsContents, 'passwords'>;
  /** Lines that pg_dumpall wrote on stderr though it succeeded. */
  readonly complaints: number;
}

/**
 * Runs pg_dumpall and sends its script into the sink, counted on the way. Settles when the sink has all of it, the script has its
 * end mark and pg_dumpall has ended with 0; whatever else happens, it is gone when this throws.
 */
export async function streamGlobals(stream: GlobalsStream): Promise<StreamedGlobals> {
  const child = startChild(stream.pgDumpall);
  try {
    return await Promise.race([takeAll(child, stream), whenAborted(stream.signal)]);
  } finally {
    await child.stop();
    child.stdout.destroy();
  }
}

async function takeAll(child: PipedChild, { sink, streamed }: GlobalsStream): Promise<StreamedGlobals> {
  const scanner = new GlobalsScanner();
  let bytes = 0;
  for await (const piece of child.stdout as AsyncIterable<Buffer>) {
    scanner.push(piece);
    await sink.write(piece);
    bytes += piece.length;
    streamed(bytes, { pgDumpall: child.pid });
  }
  // the output ends the same way where it was killed: only its exit code tells
  const exit = await child.exited;
  if (!succeeded(exit)) throw new ProgramEnded('pg_dumpall', exit, bytes);
  await child.stderrEnded;
  return { contents: scanner.finish(), complaints: child.stderrLines() };
}
