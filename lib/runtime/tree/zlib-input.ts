import type { Transform } from 'node:stream';

type ZlibStream = Transform & { readonly bytesWritten: number };

/**
 * The input of a compressor or its opposite. Each piece goes on as it came: cut up to fit a full buffer, pieces become ever
 * smaller, and a call of a kilobyte costs zlib's worker as much as one of a hundred.
 */
export class ZlibInput {
  readonly #stream: ZlibStream;
  #fed = 0;
  #waiting = 0;
  #finished = false;
  #error: Error | undefined;
  #moved = Promise.withResolvers<void>();

  constructor(stream: ZlibStream) {
    this.#stream = stream;
    stream.on('drain', () => this.#move());
    stream.once('finish', () => {
      this.#finished = true;
      this.#move();
    });
    // there can be one after the output has ended, when nobody else listens any more
    stream.on('error', (error) => this.#fail(error));
    stream.once('close', () => this.#fail(new Error('closed before its end')));
  }

  /** Bytes that were not used: they lie behind the end of what can be unpacked. */
  get unused(): number {
    return this.#fed - this.#stream.bytesWritten;
  }

  /** Hands bytes on, which must stay as they are; settles when there is room for more. */
  async write(bytes: Buffer): Promise<void> {
    this.#fed += bytes.length;
    this.#waiting++;
    this.#stream.write(bytes, () => {
      this.#waiting--;
      this.#move();
    });
    await this.#until(() => !this.#stream.writableNeedDrain);
  }

  /** Settles when all of it was taken. */
  async end(): Promise<void> {
    // with a piece still waiting, Node ends zstd's frame with that piece, and then a second, empty frame
    await this.#until(() => this.#waiting === 0);
    this.#stream.end();
    await this.#until(() => this.#finished);
  }

  async #until(done: () => boolean): Promise<void> {
    while (this.#error === undefined && !done()) await this.#moved.promise;
    if (this.#error !== undefined) throw this.#error;
  }

  #fail(error: Error): void {
    if (!this.#finished) this.#error ??= error;
    this.#move();
  }

  #move(): void {
    this.#moved.resolve();
    this.#moved = Promise.withResolvers<void>();
  }
}
