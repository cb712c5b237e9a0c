import { createHash } from 'node:crypto';
import { Failure } from '../../lib/domain/outcomes.ts';
import type { DumpContents } from '../../lib/domain/receipt.ts';
import { BoundedWriter } from '../../lib/runtime/bounded-writer.ts';
import { type Child, type ChildCommand, type ChildExit, showExit, startChildInto, succeeded } from '../../lib/runtime/child.ts';
import { type ChildOutput, openChildOutput } from '../../lib/runtime/child-output.ts';
import { CopyScanner } from '../../lib/runtime/postgres/copy-scanner.ts';
import type { MultipartUpload, SentBytes } from '../../lib/runtime/upload/multipart-upload.ts';
import { whenAborted } from '../../lib/runtime/when-aborted.ts';

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
  /** Blocks of table data, one for each table or partition. */
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
export async function streamDump(stream: DumpStream): Promise<StreamedDump> {
  const dump = new RunningDump(stream);
  try {
    await dump.start();
    return await Promise.race([dump.done(), whenAborted(stream.signal)]);
  } finally {
    await dump.stop();
  }
}

interface Writer {
  readonly child: Child;
  readonly output: ChildOutput;
}

class RunningDump {
  readonly #stream: DumpStream;
  readonly #scanner = new CopyScanner();
  readonly #hash = createHash('sha256');
  #bytes = 0;
  #decoder: Writer | undefined;
  #decoderInput: BoundedWriter | undefined;
  #dump: Writer | undefined;

  constructor(stream: DumpStream) {
    this.#stream = stream;
  }

  async start(): Promise<void> {
    this.#decoder = await startWriter(this.#stream.pgRestore, 'pipe', (piece) => this.#scanner.push(piece));
    this.#decoderInput = this.#decoder.child.stdin && new BoundedWriter(this.#decoder.child.stdin, DECODER_BACKLOG_BYTES);
    this.#dump = await startWriter(this.#stream.pgDump, 'ignore', (piece) => this.#take(piece));
  }

  async done(): Promise<StreamedDump> {
    // whichever fails first ends it all: a decoder that died is not fed to the end
    const [sent] = await Promise.all([this.#dumped(), this.#decoded()]);
    return {
      ...sent,
      sha256: this.#hash.digest('hex'),
      contents: this.#scanner.finish(),
      tableBlocks: this.#scanner.blocks,
      complaints: this.#dump?.child.stderrLines() ?? 0,
    };
  }

  async stop(): Promise<void> {
    const started = [this.#dump, this.#decoder].filter((writer) => writer !== undefined);
    await Promise.all(started.map(({ child }) => child.stop()));
    for (const { output } of started) output.close();
  }

  async #take(piece: Buffer): Promise<void> {
    this.#hash.update(piece);
    const decoderReady = this.#orSayWhyNot(this.#decoderInput?.write(piece));
    await Promise.all([this.#stream.upload.write(piece), decoderReady]);
    this.#bytes += piece.length;
    this.#stream.streamed(this.#bytes, { pgDump: this.#dump?.child.pid, pgRestore: this.#decoder?.child.pid });
  }

  async #dumped(): Promise<SentBytes> {
    await this.#dump?.output.ended;
    // a stream ends the same way when pg_dump was killed: only its exit code tells
    const exit = await this.#dump?.child.exited;
    if (!exit || !succeeded(exit)) throw new PgDumpEnded(exit ?? NEVER_STARTED, this.#bytes);
    const [sent] = await Promise.all([this.#stream.upload.flush(), this.#orSayWhyNot(this.#decoderInput?.end())]);
    return sent;
  }

  async #decoded(): Promise<void> {
    const exited = this.#decoder?.child.exited.then((exit) => {
      if (!succeeded(exit)) throw new Failure('decode', `pg_restore: ${showExit(exit)}`);
    });
    await Promise.all([exited, this.#decoder?.output.ended]);
  }

  /** How pg_restore ended, where it did not take its input, says more than that a pipe broke. */
  async #orSayWhyNot(written: Promise<void> | undefined): Promise<void> {
    try {
      await written;
    } catch (error) {
      const exit = (await this.#decoder?.child.exited) ?? NEVER_STARTED;
      throw new Failure('decode', `pg_restore: ${showExit(exit)} before it had read the whole dump`, { cause: error });
    }
  }
}

const NEVER_STARTED: ChildExit = { code: null, signal: null, error: 'never started' };

async function startWriter(
  command: ChildCommand,
  stdin: 'pipe' | 'ignore',
  take: (piece: Buffer) => void | Promise<void>,
): Promise<Writer> {
  const output = await openChildOutput(take);
  try {
    return { child: startChildInto(output.writeEnd, command, stdin), output };
  } finally {
    // only the child holds it now, so that the output ends when the child does
    output.writeEnd.destroy();
  }
}
