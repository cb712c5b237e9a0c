import { createHash } from 'node:crypto';
import { compileExcludes } from '../../domain/backup/exclude-patterns.ts';
import { pathText } from '../../domain/backup/path-text.ts';
import { changeWarnings, NO_PATHS, showPaths, type TreeChanges, withPath } from '../../domain/backup/tree-changes.ts';
import type { ScannedTree } from '../../domain/backup/tree-contents.ts';
import { distinctRoots } from '../../domain/backup/tree-roots.ts';
import { Failure } from '../../domain/outcomes.ts';
import { BoundedWriter } from '../bounded-writer.ts';
import { type Child, type ChildExit, showExit, startChildInto } from '../child.ts';
import { type ChildOutput, openChildOutput } from '../child-output.ts';
import { whenAborted } from '../when-aborted.ts';
import type { GnuTar } from './gnu-tar.ts';
import { judgeTar } from './judge-tar.ts';
import { tarCommand } from './tar-command.ts';
import type { ScannedMember } from './tar-scanner.ts';
import { compressorFor, methodOf, type TreeCompression } from './tree-compression.ts';
import { TreeDecoder } from './tree-decoder.ts';
import { TreeReader } from './tree-reader.ts';
import { TreeWatch } from './tree-watch.ts';
import { isGone, type WalkedEntry, walkTree } from './walk-tree.ts';
import { ZlibInput } from './zlib-input.ts';

/** Names that may wait for tar: some thousand. */
const NAMES_BACKLOG_BYTES = 64 * 1024;

/** After a first unreadable file, so much more is looked at for others, so that they can be mended in one go. */
const LOOK_ON_ENTRIES = 10_000;

export interface TreeStream {
  readonly tar: GnuTar;
  /** Absolute; what is archived is relative to it. */
  readonly folder: string;
  /** Files and folders below it, `.` for all of it. */
  readonly roots: readonly string[];
  /** See exclude-patterns.ts. */
  readonly exclude: readonly string[];
  readonly compression: TreeCompression;
  /** Takes the compressed stream, piece by piece: the next comes when what it returned has settled. */
  readonly sink: (piece: Buffer) => Promise<void>;
  /** Takes the list of members, whole lines at a time. */
  readonly members: (lines: string) => Promise<void>;
  readonly signal: AbortSignal;
  /** Called with every piece that tar wrote. */
  readonly streamed: (tarBytes: number, tar: number | undefined) => void;
}

export interface StreamedTree {
  readonly contents: ScannedTree;
  /** Of the compressed stream. */
  readonly bytes: number;
  /** As tar gave it: 1 where files changed while it read them, 2 where names vanished before. */
  readonly exitCode: 0 | 1 | 2;
  readonly changes: TreeChanges;
  /** Sockets are left out: they mean something only to the process that made them. */
  readonly sockets: number;
  readonly warnings: readonly string[];
}

/**
 * Archives a tree. Every piece of tar's stream is counted and hashed file by file, compressed, and handed to the sink; what the sink
 * was given is unpacked again at once and must be tar's stream, byte for byte. Settles when all of that is done and tar has ended
 * well. Whatever else happens, tar is gone when it throws. What the sink holds then is worth nothing.
 */
export async function streamTree(stream: TreeStream): Promise<StreamedTree> {
  const tree = new RunningTree(stream);
  try {
    await tree.start();
    return await Promise.race([tree.done(), whenAborted(stream.signal)]);
  } finally {
    await tree.stop();
  }
}

class RunningTree {
  readonly #stream: TreeStream;
  readonly #roots: readonly string[];
  readonly #watch: TreeWatch;
  readonly #reader: TreeReader;
  readonly #compressor: ReturnType<typeof compressorFor>;
  readonly #compressorInput: ZlibInput;
  readonly #decoder: TreeDecoder;
  readonly #unpacked = createHash('sha256');
  #found: ScannedMember[] = [];
  #lines = '';
  #bytes = 0;
  #sockets = 0;
  #stopped = false;
  #output: ChildOutput | undefined;
  #tar: Child | undefined;

  constructor(stream: TreeStream) {
    this.#stream = stream;
    this.#roots = distinctRoots(stream.roots);
    this.#watch = new TreeWatch(stream.folder);
    this.#reader = new TreeReader((member, line) => {
      this.#found.push(member);
      this.#lines += line;
    });
    this.#compressor = compressorFor(stream.compression);
    this.#compressorInput = new ZlibInput(this.#compressor);
    this.#decoder = new TreeDecoder(methodOf(stream.compression), (piece) => {
      this.#unpacked.update(piece);
      return undefined;
    });
  }

  async start(): Promise<void> {
    this.#output = await openChildOutput((piece) => this.#take(piece));
    try {
      this.#tar = startChildInto(this.#output.writeEnd, tarCommand(this.#stream.tar, this.#stream.folder), 'pipe');
    } finally {
      // only tar holds it now, so that the output ends when tar does
      this.#output.writeEnd.destroy();
    }
  }

  async done(): Promise<StreamedTree> {
    const [, exit] = await Promise.all([this.#feed(), this.#read(), this.#send()]);
    const { changes, missing } = await this.#watch.finish();
    await this.#tar?.stderrEnded;
    const exitCode = judgeTar({ exit, complaints: this.#tar?.stderrLines() ?? 0, changes, missing, roots: this.#roots });

    const contents = this.#reader.finish();
    if (this.#unpacked.digest('hex') !== contents.tar.sha256)
      throw new Failure('decode', 'the compressed stream, unpacked again, is not the stream that tar wrote');
    const warnings = changeWarnings(changes, exitCode);
    return { contents, bytes: this.#bytes, exitCode, changes, sockets: this.#sockets, warnings };
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#tar?.stop();
    this.#output?.close();
    this.#compressor.destroy();
    this.#decoder.stop();
  }

  /** Names for tar, in step with it. */
  async #feed(): Promise<void> {
    const input = this.#tar?.stdin && new BoundedWriter(this.#tar.stdin, NAMES_BACKLOG_BYTES);
    let unreadable = NO_PATHS;
    let lookOn = LOOK_ON_ENTRIES;
    const walk = walkTree(this.#stream.folder, this.#roots, compileExcludes(this.#stream.exclude));
    for await (const entry of walk) {
      if (this.#stopped || lookOn === 0) break;
      if (entry.trouble !== undefined && !isGone(entry.trouble)) unreadable = withPath(unreadable, pathText(entry.path));
      if (unreadable.count > 0) lookOn--;
      else await this.#orSayWhyNot(this.#give(entry, input));
    }
    if (unreadable.count > 0) throw new Failure('unreadable', `no right to read ${showPaths(unreadable)}`);
    await this.#orSayWhyNot(input?.end());
  }

  #give(entry: WalkedEntry, input: BoundedWriter | undefined): Promise<void> | undefined {
    if (entry.type === 'socket') this.#sockets++;
    else if (entry.trouble !== undefined) this.#watch.gone(entry.path);
    else {
      this.#watch.given(entry);
      return input?.write(Buffer.concat([entry.path, NUL]));
    }
    return undefined;
  }

  async #take(piece: Buffer): Promise<void> {
    await this.#reader.take(piece);
    await Promise.all([this.#compressorInput.write(Buffer.from(piece)), this.#tell()]);
    this.#stream.streamed(this.#reader.tarBytes, this.#tar?.pid);
  }

  /** Passes on what was found in a piece. */
  async #tell(): Promise<void> {
    if (this.#found.length === 0) return;
    const [found, lines] = [this.#found, this.#lines];
    this.#found = [];
    this.#lines = '';
    await Promise.all([this.#watch.archived(found), this.#stream.members(lines)]);
  }

  /** Reads tar's stream to its end. A stream ends the same way when tar was killed: only its exit tells. */
  async #read(): Promise<ChildExit> {
    await this.#output?.ended;
    const exit = (await this.#tar?.exited) ?? NEVER_STARTED;
    if (exit.code === null || exit.code > 2) throw this.#ended(exit);
    await this.#compressorInput.end();
    return exit;
  }

  /** What is compressed goes to the sink, and is unpacked again. */
  async #send(): Promise<void> {
    for await (const piece of this.#compressor as AsyncIterable<Buffer>) {
      this.#bytes += piece.length;
      await Promise.all([this.#stream.sink(piece), this.#decoder.write(piece)]);
    }
    await this.#decoder.end();
  }

  /** How tar ended, where it did not take its names, says more than that a pipe broke. */
  async #orSayWhyNot(written: Promise<void> | undefined): Promise<void> {
    try {
      await written;
    } catch (error) {
      throw this.#ended((await this.#tar?.exited) ?? NEVER_STARTED, { cause: error });
    }
  }

  #ended(exit: ChildExit, options?: ErrorOptions): Failure {
    return new Failure('truncated', `tar: ${showExit(exit)} after ${this.#reader.tarBytes} bytes`, options);
  }
}

const NUL = Buffer.alloc(1);
const NEVER_STARTED: ChildExit = { code: null, signal: null, error: 'never started' };
