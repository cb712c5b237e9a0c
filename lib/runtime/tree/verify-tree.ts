import type { Readable } from 'node:stream';
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
  readonly #reader = new TreeReader();
  readonly #decoder: TreeDecoder;
  #fault: unknown;

  constructor(method: CompressionMethod) {
    this.#decoder = new TreeDecoder(method, (piece) => this.#reader.take(piece));
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
  body: Readable,
  method: CompressionMethod,
  sent: ScannedTree | TreeContents,
): Promise<ScannedTree> {
  const verifier = new TreeVerifier(method);
  try {
    for await (const chunk of body as AsyncIterable<Buffer>) if (!(await verifier.feed(chunk))) break;
    return await verifier.finish(sent);
  } finally {
    verifier.stop();
  }
}

function readOf(reader: TreeReader): ScannedTree {
  try {
    return reader.finish();
  } catch (fault) {
    throw asDamage(fault);
  }
}

const asDamage = (fault: unknown): unknown =>
  fault instanceof Failure && fault.reason === 'decode' ? new Failure('damaged', fault.message, { cause: fault }) : fault;
