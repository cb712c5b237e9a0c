import { createHash } from 'node:crypto';
import { Failure } from '../../lib/domain/outcomes.ts';
import type { DumpContents } from '../../lib/domain/receipt.ts';
import { BoundedWriter } from '../../lib/runtime/bounded-writer.ts';
import { type Child, type ChildCommand, type ChildExit, showExit, startChild, succeeded } from '../../lib/runtime/child.ts';
import { type ChildOutput, openChildOutput } from '../../lib/runtime/child-output.ts';
import { CopyScanner } from '../../lib/runtime/postgres/copy-scanner.ts';
import type { MultipartUpload, SentBytes } from '../../lib/runtime/upload/multipart-upload.ts';

/** What may wait for pg_restore; it is faster than pg_dump, so this is for its pauses. */
const DECODER_BACKLOG_BYTES = 1024 ** 2;

/** The processes of a running dump, by id. */
export interface DumpProcesses {
  readonly pgDump: number | undefined;
  readonly pgRestore: number | undefined;
}

export interface DumpStream {
  readonly pgDump: ChildCommand;
  readonly pgRestore: ChildCommand;
  readonly upload: MultipartUpload;
  readonly signal: AbortSignal;
  /** Called with every piece of the stream. */
  readonly streamed: (bytes: number, processes: DumpProcesses) => void;
}

export interface StreamedDump extends SentBytes {
  readonly sha256: string;
  readonly contents: DumpContents;
  readonly tableBlocks: number;
  /** Lines that pg_dump wrote on stderr though it succeeded. */
  readonly complaints: number;
}

/** pg_dump ended otherwise than by exit code 0. Only the server can say why. */
export class PgDumpEnded extends Error {
  readonly exit: ChildExit;
  readonly bytes: number;

  constructor(exit: ChildExit, bytes: number) {
    super(`pg_dump: ${showExit(exit)} after ${bytes} bytes`);
    this.exit = exit;
    this.bytes = bytes;
  }
}

/**
 * Runs pg_dump, and sends every piece of its output three ways: to the vault as parts, to SHA-256, and to pg_restore, whose
 * decoded output is counted and hashed table by table. Settles when all three have all of it and both programs have ended
 * with 0; whatever else happens, both are gone when it throws. The upload is not completed here.
 */
export async function streamDump({ pgDump, pgRestore, upload, signal, streamed }: DumpStream): Promise<StreamedDump> {
  const scanner = new CopyScanner();
  const decoder = await startWriter(pgRestore, 'pipe', (piece) => scanner.push(piece));
  const input = decoderInput(decoder.child);

  const hash = createHash('sha256');
  let bytes = 0;
  const dump = await startWriter(pgDump, 'ignore', async (piece) => {
    hash.update(piece);
    // pg_restore takes its bytes later than this returns, when the buffer holds others
    const decoderReady = input.write(Buffer.from(piece));
    await Promise.all([upload.write(piece), decoderReady]);
    bytes += piece.length;
    streamed(bytes, { pgDump: dump.child.pid, pgRestore: decoder.child.pid });
  });

  const dumped = async (): Promise<SentBytes> => {
    await dump.output.ended;
    // a stream ends the same way when pg_dump was killed: only its exit code tells
    const exit = await dump.child.exited;
    if (!succeeded(exit)) throw new PgDumpEnded(exit, bytes);
    const [sent] = await Promise.all([upload.flush(), input.end()]);
    return sent;
  };
  const decoded = async (): Promise<void> => {
    const exit = await decoder.child.exited;
    if (!succeeded(exit)) throw new Failure('decode', `pg_restore: ${showExit(exit)}`);
  };
  try {
    // whichever fails first ends it all: a decoder that died is not fed to the end
    const all = Promise.all([dumped(), decoded(), decoder.output.ended]);
    const [sent] = await Promise.race([all, whenAborted(signal)]);
    const contents = scanner.finish();
    return { ...sent, sha256: hash.digest('hex'), contents, tableBlocks: scanner.blocks, complaints: dump.child.stderrLines() };
  } finally {
    await Promise.all([dump, decoder].map((writer) => stopWriter(writer)));
  }
}

interface Writer {
  readonly child: Child;
  readonly output: ChildOutput;
}

async function startWriter(
  command: ChildCommand,
  stdin: 'pipe' | 'ignore',
  take: (piece: Buffer) => void | Promise<void>,
): Promise<Writer> {
  const output = await openChildOutput(take);
  const child = startChild(command, { stdin, stdout: output.writeEnd });
  // else the output would not end when the child does
  output.writeEnd.destroy();
  return { child, output };
}

async function stopWriter({ child, output }: Writer): Promise<void> {
  await child.stop();
  output.close();
}

/** Says how pg_restore ended where it does not take its input, rather than that a pipe broke. */
function decoderInput(decoder: Child): { write(piece: Buffer): Promise<void> | undefined; end(): Promise<void> } {
  if (!decoder.stdin) throw new Error('pg_restore was started without an input');
  const writer = new BoundedWriter(decoder.stdin, DECODER_BACKLOG_BYTES);
  const explain = async (): Promise<never> => {
    throw new Failure('decode', `pg_restore: ${showExit(await decoder.exited)} before it had read the whole dump`);
  };
  return {
    write: (piece) => writer.write(piece)?.catch(explain),
    end: () => writer.end().catch(explain),
  };
}

/** Never resolves; rejects with the signal's reason. */
function whenAborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    const abort = () => reject(signal.reason);
    if (signal.aborted) abort();
    else signal.addEventListener('abort', abort, { once: true });
  });
}
