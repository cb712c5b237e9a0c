import type { DumpContents } from '../../domain/backup/receipt.ts';
import { Failure } from '../../domain/outcomes.ts';
import type { ArtifactSink } from '../artifact-sink.ts';
import { BoundedWriter } from '../bounded-writer.ts';
import { type ChildCommand, type ChildExit, showExit, succeeded } from '../child.ts';
import { startWriter, type Writer } from '../start-writer.ts';
import { whenAborted } from '../when-aborted.ts';
import { CopyScanner } from './copy-scanner.ts';
import { ProgramEnded } from './program-ended.ts';

/** What may wait for pg_restore; it is faster than pg_dump, so this is for its pauses. */
const DECODER_BACKLOG_BYTES = 1024 ** 2;

/** Both programs, by id, as soon as each runs. */
export interface StreamingPrograms {
  readonly pgDump?: number | undefined;
  readonly pgRestore?: number | undefined;
}

export interface DumpStream {
  readonly pgDump: ChildCommand;
  readonly pgRestore: ChildCommand;
  /** Where the dump goes; one that is only looked at goes nowhere. */
  readonly sink?: Pick<ArtifactSink, 'write'>;
  readonly signal: AbortSignal;
  /** Called with every piece of the stream. */
  readonly streamed: (bytes: number, processes: StreamingPrograms) => void;
}

export interface StreamedDump {
  readonly contents: DumpContents;
  /** Blocks of table data, one for each table or partition. */
  readonly tableBlocks: number;
  /** Lines that pg_dump wrote on stderr though it succeeded. */
  readonly complaints: number;
}

/**
 * Runs pg_dump, and sends every piece of its output two ways: into the sink, and to pg_restore, whose decoded output is counted
 * and hashed table by table. Settles when both have all of it and both programs have ended with 0; whatever else happens, both
 * are gone when it throws.
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

class RunningDump {
  readonly #stream: DumpStream;
  readonly #scanner = new CopyScanner();
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
    await Promise.all([this.#dumped(), this.#decoded()]);
    return {
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
    const decoderReady = this.#orSayWhyNot(this.#decoderInput?.write(piece));
    await Promise.all([this.#stream.sink?.write(piece), decoderReady]);
    this.#bytes += piece.length;
    this.#stream.streamed(this.#bytes, { pgDump: this.#dump?.child.pid, pgRestore: this.#decoder?.child.pid });
  }

  async #dumped(): Promise<void> {
    await this.#dump?.output.ended;
    // a stream ends the same way when pg_dump was killed: only its exit code tells
    const exit = await this.#dump?.child.exited;
    if (!exit || !succeeded(exit)) throw new ProgramEnded('pg_dump', exit ?? NEVER_STARTED, this.#bytes);
    await this.#orSayWhyNot(this.#decoderInput?.end());
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
