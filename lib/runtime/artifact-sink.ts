import { createHash } from 'node:crypto';
import type { Receipt } from '../domain/backup/receipt.ts';
import { type Encryption, encryptTo } from './encryption/age-encryption.ts';
import type { MultipartUpload, SentBytes } from './upload/multipart-upload.ts';

/** An artifact as it was sent: what the store must hold, and what was encrypted, where something was. */
export type SentArtifact = SentBytes & Pick<Receipt, 'sha256' | 'encryption'>;

/** Where the bytes of an artifact go. What is not finished becomes no object, and what is, only when its upload is completed. */
export interface ArtifactSink {
  /** Takes bytes; settles when there is room for more, and their memory may be used again. Throws where the vault takes no more. */
  write(piece: Buffer): Promise<void>;
  /** Sends what is left; settles when the vault has all of it. */
  finish(): Promise<SentArtifact>;
}

/** A sink into an upload; with recipients all that goes there is encrypted to them first. Throws where one is no public key. */
export async function artifactSink(upload: MultipartUpload, recipients?: readonly string[]): Promise<ArtifactSink> {
  const stored = new HashedUpload(upload);
  if (!recipients) return stored;
  return new EncryptedSink(stored, recipients, await encryptTo(recipients, (piece) => stored.write(piece)));
}

/** Bytes as they are: the same memory goes to the hash and into the part that is being filled. */
class HashedUpload implements ArtifactSink {
  readonly #upload: MultipartUpload;
  readonly #sha256 = createHash('sha256');

  constructor(upload: MultipartUpload) {
    this.#upload = upload;
  }

  write(piece: Buffer): Promise<void> {
    this.#sha256.update(piece);
    return this.#upload.write(piece);
  }

  async finish(): Promise<SentArtifact> {
    return { ...(await this.#upload.flush()), sha256: this.#sha256.digest('hex') };
  }
}

/** Keeps what the plain bytes were: without the private key, nothing else can tell later. */
class EncryptedSink implements ArtifactSink {
  readonly #stored: HashedUpload;
  readonly #recipients: readonly string[];
  readonly #encryption: Encryption;
  readonly #sha256 = createHash('sha256');
  #bytes = 0;

  constructor(stored: HashedUpload, recipients: readonly string[], encryption: Encryption) {
    this.#stored = stored;
    this.#recipients = recipients;
    this.#encryption = encryption;
  }

  write(piece: Buffer): Promise<void> {
    this.#sha256.update(piece);
    this.#bytes += piece.length;
    return this.#encryption.write(piece);
  }

  async finish(): Promise<SentArtifact> {
    await this.#encryption.end();
    const plain = { plainBytes: this.#bytes, plainSha256: this.#sha256.digest('hex') };
    return { ...(await this.#stored.finish()), encryption: { format: 'age', recipients: [...this.#recipients], ...plain } };
  }
}
