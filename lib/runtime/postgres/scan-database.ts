import type { DumpContents } from '../../domain/backup/receipt.ts';
import { Failure } from '../../domain/outcomes.ts';
import { type ChildCommand, showExit, startChildInto, succeeded } from '../child.ts';
import { openChildOutput } from '../child-output.ts';
import { whenAborted } from '../when-aborted.ts';
import { CopyScanner } from './copy-scanner.ts';

/**
 * Reads the rows of a database by pg_dump, and counts and hashes them as they were when it was backed up. Nothing is kept of
 * them. `moved` is called with the bytes so far.
 */
export async function scanDatabase(
  command: ChildCommand,
  signal: AbortSignal,
  moved: (bytes: number) => void,
): Promise<DumpContents> {
  const scanner = new CopyScanner();
  let bytes = 0;
  const output = await openChildOutput((piece) => {
    scanner.push(piece);
    bytes += piece.length;
    moved(bytes);
  });
  const child = startChildInto(output.writeEnd, command);
  output.writeEnd.destroy();
  try {
    await Promise.race([output.ended, whenAborted(signal)]);
    const exit = await child.exited;
    // a stream ends the same way when pg_dump was killed: only its exit code tells
    if (!succeeded(exit)) throw new Failure('truncated', `pg_dump of what was restored: ${showExit(exit)}`);
    return scanner.finish();
  } finally {
    await child.stop();
    output.close();
  }
}
