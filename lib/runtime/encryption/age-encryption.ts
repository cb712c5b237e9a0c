import { Encrypter } from 'age-encryption';
import { Failure } from '../../domain/outcomes.ts';

/** Takes plain bytes, and hands them on encrypted. */
export interface Encryption {
  /** Settles when there is room for more; the caller may use the memory again then. Throws where what is behind it takes no more. */
  write(piece: Buffer): Promise<void>;
  /** Settles when the last encrypted byte has been taken. */
  end(): Promise<void>;
}

/**
 * Encrypts a stream to age recipients, in pieces of 64 KiB: any of the private keys opens it, by `age -d` as by any other
 * program of that format. Nothing waits in here but one piece on each side.
 *
 * The file ends with a mark of its own, so that an end that is missing is found by who decrypts it.
 */
export async function encryptTo(recipients: readonly string[], take: (piece: Buffer) => Promise<void>): Promise<Encryption> {
  const plain = new DemandedStream();
  const encrypted = await encrypterFor(recipients).encrypt(plain.stream);
  const taken = handOn(encrypted, take);
  taken.catch((error: unknown) => plain.fail(error));
  return {
    // a copy: the stream may still hold it when the caller fills the memory anew, and a backup in which that went wrong
    // would be found by nobody but who decrypts it
    write: (piece) => plain.write(Buffer.from(piece)),
    end: async () => {
      await plain.end();
      await taken;
    },
  };
}

/** Says which of them is none, by its place: the schema looks at its letters, and only this at its checksum. */
function encrypterFor(recipients: readonly string[]): Encrypter {
  const encrypter = new Encrypter();
  for (const [index, recipient] of recipients.entries()) {
    try {
      encrypter.addRecipient(recipient);
    } catch (error) {
      throw new Failure('recipient', `recipient ${index + 1} of ${recipients.length} (${recipient}) is no age public key`, {
        cause: error,
      });
    }
  }
  return encrypter;
}

async function handOn(encrypted: AsyncIterable<Uint8Array>, take: (piece: Buffer) => Promise<void>): Promise<void> {
  for await (const { buffer, byteOffset, length } of encrypted) await take(Buffer.from(buffer, byteOffset, length));
}

/** A stream that is given a piece only when it asks for one. */
class DemandedStream {
  readonly stream: ReadableStream<Uint8Array>;
  #controller: ReadableStreamDefaultController<Uint8Array> | undefined;
  #demand = Promise.withResolvers<void>();
  #broken: { readonly cause: unknown } | undefined;

  constructor() {
    this.stream = new ReadableStream<Uint8Array>(
      {
        start: (controller) => {
          this.#controller = controller;
        },
        pull: () => this.#demand.resolve(),
      },
      { highWaterMark: 0 },
    );
  }

  /** Settles when the piece has been asked for, and given. */
  async write(piece: Uint8Array): Promise<void> {
    await this.#asked();
    this.#demand = Promise.withResolvers();
    this.#controller?.enqueue(piece);
  }

  /** Ends the stream when all that was written has been taken. */
  async end(): Promise<void> {
    await this.#asked();
    this.#controller?.close();
  }

  /** Whoever waits to write, or writes later, is thrown this. */
  fail(error: unknown): void {
    this.#broken = { cause: error };
    this.#demand.resolve();
  }

  async #asked(): Promise<void> {
    await this.#demand.promise;
    if (this.#broken) throw this.#broken.cause;
  }
}
