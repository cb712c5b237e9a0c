import type { Writable } from 'node:stream';

/** A child's input that remembers whether all of it was taken. */
export class BoundedWriter {
  readonly #stream: Writable;
  readonly #limit: number;
  #pending = 0;
  #error: Error | undefined;
  #wake: () => void = () => undefined;

  /** `limit`: bytes that may wait for the child before `write` makes its caller wait. */
  constructor(stream: Writable, limit: number) {
    this.#stream = stream;
    this.#limit = limit;
    stream.on('error', (error) => this.#fail(error));
  }

  /** Hands bytes on; settles when there is room for more. Throws once the child has closed its input. */
  write(bytes: Buffer): Promise<void> | undefined {
    this.#pending += bytes.length;
    this.#stream.write(bytes, (error) => {
      this.#pending -= bytes.length;
      if (error) this.#fail(error);
      else this.#wake();
    });
    if (this.#error) return Promise.reject(this.#error);
    return this.#pending > this.#limit ? this.#pendingAtMost(this.#limit) : undefined;
  }

  /** Ends the input when the child has been given all of it. Throws where it did not take it. */
  async end(): Promise<void> {
    await this.#pendingAtMost(0);
    this.#stream.end();
  }

  async #pendingAtMost(bytes: number): Promise<void> {
    while (this.#pending > bytes && !this.#error) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    if (this.#error) throw this.#error;
  }

  #fail(error: Error): void {
    // what is said after the last byte was taken (a child that ends first) loses nothing
    if (this.#pending === 0 && this.#stream.writableEnded) return;
    this.#error ??= error;
    this.#wake();
  }
}
