import type { Readable } from 'node:stream';

/** One part of an upload: filled once, sent as often as it takes. */
export interface Part {
  /** How much more it takes. */
  readonly room: number;
  readonly bytes: number;
  /** CRC32 of what is in it, read back from where it lies. */
  readonly crc32: number;
  /** Takes bytes that fit. The caller may reuse them once this has returned (or its promise has settled). */
  write(bytes: Buffer): void | Promise<void>;
  /** The body of one request; a new one for each. */
  body(): Uint8Array | Readable;
  /** Gives its memory or disk space back. Nothing may use it any more. */
  release(): void | Promise<void>;
}
