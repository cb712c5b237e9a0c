import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { fileTime } from './file-times.ts';

/** Made anew, and never through a link. */
const NEW_FILE = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW;

/** Until it is complete, nobody else reads or runs it. */
const WHILE_WRITTEN = 0o600;

interface Attributes {
  readonly mode: number;
  readonly mtime: string;
}

/** A file that is written as its content goes by: told without waiting what it holds, it writes that when it is flushed. */
export class WrittenFile {
  readonly #place: Buffer;
  readonly #attributes: Attributes;
  readonly #waiting: { readonly data: Buffer; readonly at: number }[] = [];
  #handle: FileHandle | undefined;
  #length = 0;
  #writtenTo = 0;
  #complete = false;

  constructor(place: Buffer, attributes: Attributes) {
    this.#place = place;
    this.#attributes = attributes;
  }

  data(data: Buffer): void {
    this.#waiting.push({ data, at: this.#length });
    this.#length += data.length;
  }

  hole(bytes: number): void {
    this.#length += bytes;
  }

  complete(): void {
    this.#complete = true;
  }

  /** Writes what has waited; the memory that it was lent is free then. */
  async flush(): Promise<void> {
    this.#handle ??= await open(this.#place, NEW_FILE, WHILE_WRITTEN);
    for (const { data, at } of this.#waiting) await this.#write(this.#handle, data, at);
    this.#waiting.length = 0;
    if (this.#complete) await this.#close(this.#handle);
  }

  /** Lets go of it, complete or not. */
  async abandon(): Promise<void> {
    const handle = this.#handle;
    this.#handle = undefined;
    await handle?.close();
  }

  async #write(handle: FileHandle, data: Buffer, at: number): Promise<void> {
    for (let done = 0; done < data.length; ) {
      const { bytesWritten } = await handle.write(data, done, data.length - done, at + done);
      done += bytesWritten;
    }
    this.#writtenTo = at + data.length;
  }

  async #close(handle: FileHandle): Promise<void> {
    if (this.#writtenTo < this.#length) await handle.truncate(this.#length);
    await handle.chmod(this.#attributes.mode);
    const time = fileTime(this.#attributes.mtime);
    await handle.utimes(time, time);
    await this.abandon();
  }
}
