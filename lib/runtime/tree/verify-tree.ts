import { type ScannedTree, type TreeContents, treeDifference } from '../../domain/backup/tree-contents.ts';
import { Failure } from '../../domain/outcomes.ts';
import type { CompressionMethod } from './tree-compression.ts';
import { TreeDecoder } from './tree-decoder.ts';
import { TreeReader } from './tree-reader.ts';

/**
 * Unpacks stored bytes and compares what they hold with a receipt. It is fed like the reader of a dump's table of contents: what is
 * wrong with the bytes is said at the end, so that whoever reads them can tell it from a connection that broke.
 */
export class TreeVerifier {
  readonly #reader: Pick<TreeReader, 'take' | 'finish'>;
  readonly #decoder: TreeDecoder;
  #fault: unknown;

  /** `reader`: one that looks at more than the receipt asks for. */
  constructor(method: CompressionMethod, reader: Pick<TreeReader, 'take' | 'finish'> = new TreeReader()) {
    this.#reader = reader;
    this.#decoder = new TreeDecoder(method, (piece) => reader.take(piece));
  }

  /** Takes stored bytes; false once nothing can be made of them any more. */
  async feed(chunk: Buffer): Promise<boolean> {
    if (this.#fault === undefined) await this.#noteFault(this.#decoder.write(chunk));
    return this.#fault === undefined;
  }

  /** What the bytes held. Throws `damaged` where that is not what the receipt says, or nothing at all. */
  async finish(sent: ScannedTree | TreeContents): Promise<ScannedTree> {
    if (this.#fault === undefined) await this.#noteFault(this.#decoder.end());
    if (this.#fault !== undefined) throw asDamage(this.#fault);
    const stored = readOf(this.#reader);
    const difference = treeDifference(stored, sent);
    if (difference) throw new Failure('damaged', difference);
    return stored;
  }

  stop(): void {
    this.#decoder.stop();
  }

  async #noteFault(work: Promise<void>): Promise<void> {
    try {
      await work;
    } catch (fault) {
      this.#fault = fault;
    }
  }
}

/** Reads stored bytes to their end; throws `damaged` where they do not hold what the receipt says, and what the stream itself throws as it is. */
export async function verifyTree(
  body: AsyncIterable<Buffer>,
  method: CompressionMethod,
  sent: ScannedTree | TreeContents,
  reader?: Pick<TreeReader, 'take' | 'finish'>,
): Promise<ScannedTree> {
  const verifier = new TreeVerifier(method, reader);
  try {
    for await (const chunk of body) if (!(await verifier.feed(chunk))) break;
    return await verifier.finish(sent);
  } finally {
    verifier.stop();
  }
}

function readOf(reader: Pick<TreeReader, 'finish'>): ScannedTree {
  try {
    return reader.finish();
  } catch (fault) {
    throw asDamage(fault);
  }
}

const asDamage = (fault: unknown): unknown =>
  fault instanceof Failure && fault.reason === 'decode' ? new Failure('damaged', fault.message, { cause: fault }) : fault;
