import { Readable } from 'node:stream';
import type { Vault } from '../vault.ts';

/** What reading backups needs of a vault. */
export type ReadableVault = Pick<Vault, 'head' | 'read' | 'readJson' | 'list'>;

export interface Watching {
  /** Ends what is being read; reading then fails with its reason. */
  readonly signal: AbortSignal;
  /** Told of every piece that was read, by its length. */
  readonly onBytes?: ((bytes: number) => void) | undefined;
}

/** A vault whose reads can be followed, and ended. */
export const watchedReads = (vault: ReadableVault, watching: Watching): ReadableVault => ({
  head: (key) => vault.head(key),
  readJson: (key, schema) => vault.readJson(key, schema),
  list: (prefix) => vault.list(prefix),
  async read(key, versionId): Promise<Readable> {
    watching.signal.throwIfAborted();
    return Readable.from(followed(await vault.read(key, versionId), watching));
  },
});

async function* followed(body: Readable, { signal, onBytes }: Watching): AsyncIterable<Buffer> {
  const end = (): void => void body.destroy(signal.reason);
  signal.addEventListener('abort', end, { once: true });
  try {
    for await (const piece of body as AsyncIterable<Buffer>) {
      signal.throwIfAborted();
      onBytes?.(piece.length);
      yield piece;
    }
  } finally {
    signal.removeEventListener('abort', end);
    body.destroy();
  }
}
