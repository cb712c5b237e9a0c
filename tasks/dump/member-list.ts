import { createHash } from 'node:crypto';
import { createGzip } from 'node:zlib';
import { membersKey } from '../../lib/domain/backup/keys.ts';
import { BoundedWriter } from '../../lib/runtime/bounded-writer.ts';
import { encryptTo } from '../../lib/runtime/encryption/age-encryption.ts';
import { SpooledPart } from '../../lib/runtime/upload/spooled-part.ts';
import type { Bench } from './producer.ts';

/** Bytes of lines that may wait to be compressed. */
const BACKLOG_BYTES = 256 * 1024;

/** Disk is the limit; a line of 200 bytes takes some 60 compressed. */
const NO_LIMIT = Number.MAX_SAFE_INTEGER;

/**
 * The list of a tree's members, compressed, and encrypted where the artifact is, on disk until the artifact is worth keeping: only
 * then its name is known too, since it is called after its own content.
 */
export class MemberList {
  readonly #gzip = createGzip();
  readonly #input = new BoundedWriter(this.#gzip, BACKLOG_BYTES);
  readonly #sha256 = createHash('sha256');
  readonly #file: SpooledPart;
  readonly #spooled: Promise<void>;

  private constructor(file: SpooledPart, recipients: readonly string[] | undefined) {
    this.#file = file;
    this.#spooled = this.#spool(recipients);
    // whoever writes next is told
    this.#spooled.catch(() => undefined);
  }

  static async open(recipients?: readonly string[]): Promise<MemberList> {
    return new MemberList(await SpooledPart.create(NO_LIMIT), recipients);
  }

  /** Takes whole lines; settles when there is room for more. */
  async write(lines: string): Promise<void> {
    await this.#orSayWhyNot(this.#input.write(Buffer.from(lines)));
  }

  /** Stores the list beside its artifact, unless it is there. Returns its key. */
  async store({ deps, to, moved }: Bench): Promise<string> {
    await this.#orSayWhyNot(this.#input.end());
    await this.#spooled;
    const key = membersKey(to.key, this.#sha256.digest('hex'));
    if (await deps.vault.head(key)) return key;

    const upload = deps.newUpload({ key, tags: to.tags, expectedBytes: this.#file.bytes, stored: moved });
    try {
      for await (const piece of this.#file.body() as AsyncIterable<Buffer>) await upload.write(piece);
      await upload.flush();
      await upload.complete();
    } catch (error) {
      await upload.abort().catch((left: unknown) => deps.observer.leftBehind?.(left));
      throw error;
    }
    return key;
  }

  /** Gives its disk space back, stored or not. */
  async release(): Promise<void> {
    this.#gzip.destroy();
    await this.#spooled.catch(() => undefined);
    await this.#file.release();
  }

  /** A compressor whose output nobody takes any more says only that it was closed; why is known to who took it. */
  async #orSayWhyNot(written: Promise<void> | undefined): Promise<void> {
    try {
      await written;
    } catch (error) {
      await this.#spooled;
      throw error;
    }
  }

  async #spool(recipients: readonly string[] | undefined): Promise<void> {
    const keep = async (piece: Buffer): Promise<void> => {
      this.#sha256.update(piece);
      await this.#file.write(piece);
    };
    const encryption = recipients && (await encryptTo(recipients, keep));
    for await (const piece of this.#gzip as AsyncIterable<Buffer>) await (encryption ? encryption.write(piece) : keep(piece));
    await encryption?.end();
  }
}
