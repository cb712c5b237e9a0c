import { Failure } from '../../domain/outcomes.ts';
import { type CompressionMethod, decompressorFor } from './tree-compression.ts';
import { ZlibInput } from './zlib-input.ts';

/** Unpacks a compressed stream as it goes by. Whatever is wrong with it, or behind its end, is an error. */
export class TreeDecoder {
  readonly #stream: ReturnType<typeof decompressorFor>;
  readonly #input: ZlibInput;
  readonly #taken: Promise<void>;

  /** `take` is given the unpacked bytes; nothing more is unpacked until what it returns has settled. */
  constructor(method: CompressionMethod, take: (piece: Buffer) => Promise<void> | undefined) {
    this.#stream = decompressorFor(method);
    this.#input = new ZlibInput(this.#stream);
    this.#taken = this.#takeAll(take);
    // whoever feeds it may have given up already
    this.#taken.catch(() => undefined);
  }

  /** Takes compressed bytes, which must stay as they are; settles when there is room for more. Throws once they cannot be unpacked. */
  async write(bytes: Buffer): Promise<void> {
    await this.#orSayWhyNot(this.#input.write(bytes));
  }

  /** Settles when all is unpacked and taken. */
  async end(): Promise<void> {
    await this.#orSayWhyNot(this.#input.end());
    await this.#taken;
    // gzip takes zeros behind its end for padding, and zstd ignores what comes with its last bytes
    const { unused } = this.#input;
    if (unused > 0) throw new Failure('decode', `the compressed stream has ${unused} bytes behind its end`);
  }

  stop(): void {
    this.#stream.destroy();
  }

  async #takeAll(take: (piece: Buffer) => Promise<void> | undefined): Promise<void> {
    let unpacked = 0;
    try {
      for await (const piece of this.#stream as AsyncIterable<Buffer>) {
        unpacked += piece.length;
        await take(piece);
      }
    } catch (error) {
      throw asDecodeFailure(error, `${unpacked} bytes`);
    }
  }

  /** Why unpacking ended says more than that its input is closed. */
  async #orSayWhyNot(written: Promise<void>): Promise<void> {
    try {
      await written;
    } catch (error) {
      await this.#taken;
      throw asDecodeFailure(error, 'its end');
    }
  }
}

function asDecodeFailure(error: unknown, where: string): unknown {
  if (error instanceof Failure) return error;
  const code = (error as NodeJS.ErrnoException).code ?? 'unknown error';
  return new Failure('decode', `the compressed stream cannot be unpacked after ${where} (${code})`, { cause: error });
}
