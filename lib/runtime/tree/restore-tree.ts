import type { Manifest } from '../../domain/backup/manifest.ts';
import type { TreeReceipt } from '../../domain/backup/receipt.ts';
import { Failure } from '../../domain/outcomes.ts';
import { limitOf } from '../../domain/restore/archive-limit.ts';
import type { OutsideLinks } from '../../domain/restore/outside-link.ts';
import { PathSelection } from '../../domain/restore/path-selection.ts';
import type { Decryption } from '../encryption/age-decryption.ts';
import { storageFailure } from '../storage-failure.ts';
import type { StoredObject, Vault } from '../vault.ts';
import { checkEncrypted } from '../verify/check-encrypted.ts';
import { checkTree } from '../verify/check-tree.ts';
import type { ContentCheck } from '../verify/content-check.ts';
import { readWhole } from '../verify/read-stored.ts';
import { whenAborted } from '../when-aborted.ts';
import { type ExtractedTree, extractTree, refuseOutside } from './extract-tree.ts';
import { JudgedReader } from './judged-reader.ts';
import { methodOf, type TreeCompression } from './tree-compression.ts';
import { verifyTree } from './verify-tree.ts';

export interface TreeRestore {
  readonly vault: Vault;
  /** Of the backup, in any tier. */
  readonly manifest: Pick<Manifest, 'key'> & { readonly receipt: TreeReceipt };
  /** A folder that is not there, or empty, unless it is to be replaced. */
  readonly destination: string;
  /** Names this restore, and no other one into the same place: letters, digits, `_` and `-`. */
  readonly name: string;
  /** @default false */
  readonly replace?: boolean;
  /**
   * Only these paths and what lies below them, as the archive has them.
   *
   * @default - all
   */
  readonly paths?: readonly string[];
  readonly outsideLinks: OutsideLinks;
  /** For an encrypted backup. */
  readonly decrypt?: Decryption;
  readonly signal: AbortSignal;
  /** Stored bytes that were read, of `receipt.bytes`; they are read once to verify and once to restore. */
  readonly onBytes?: (phase: 'verify' | 'restore', bytes: number) => void;
}

/**
 * Restores a backup of a file tree.
 *
 * 1. Every stored byte is read and must be what was sent; unpacked, every file as well, and every member must be safe to make.
 *    Nothing is written until then.
 * 2. The same version of the object is read again and unpacked beside the destination, compared in the same way, and put in place.
 *
 * An encrypted backup is hashed as it is in the first pass, and its contents are looked at while it is unpacked, before it is put in
 * place; only where paths are named is it decrypted once more before.
 */
export async function restoreTree(restore: TreeRestore): Promise<ExtractedTree> {
  const { vault, manifest, signal } = restore;
  const stored = await vault.head(manifest.key);
  if (!stored) throw new Failure('damaged', `${manifest.key} is gone, though its manifest is there`);
  const selection = new PathSelection(restore.paths);
  await Promise.race([verifyStored(restore, stored, selection), whenAborted(signal)]);

  const { destination, name, replace = false, outsideLinks } = restore;
  const { contents } = manifest.receipt;
  return extractTree({
    source: plainBytes(restore, stored),
    method: methodIn(manifest.receipt),
    destination,
    name,
    replace,
    selection,
    outsideLinks,
    signal,
    limit: limitOf(contents),
    sent: contents,
  });
}

async function verifyStored(restore: TreeRestore, stored: StoredObject, selection: PathSelection): Promise<void> {
  const { vault, manifest, paths } = restore;
  const { receipt } = manifest;
  if (!receipt.encryption) {
    const reader = judgedReader(restore, selection);
    await readChecked(restore, stored, checkTree(receipt, reader));
    refuseOutside(reader.judge, selection, restore.outsideLinks);
    return;
  }
  if (!restore.decrypt) throw new Failure('identity', `${manifest.key} is encrypted`);
  await readChecked(restore, stored, checkEncrypted(receipt, receipt.encryption));
  if (!paths) return;
  const body = restore.decrypt(storedBytes(vault, stored));
  await verifyTree(body, methodIn(receipt), receipt.contents, judgedReader(restore, selection));
}

async function readChecked({ vault, manifest, signal, onBytes }: TreeRestore, stored: StoredObject, check: ContentCheck) {
  let bytes = 0;
  const watched: ContentCheck = {
    ...check,
    feed: (chunk) => {
      // whoever waits has been told already
      signal.throwIfAborted();
      bytes += chunk.length;
      onBytes?.('verify', bytes);
      return check.feed(chunk);
    },
  };
  try {
    await readWhole(vault, stored, manifest.receipt, watched);
    await check.finish();
  } finally {
    await check.stop();
  }
}

const judgedReader = ({ manifest }: TreeRestore, selection: PathSelection): JudgedReader =>
  new JudgedReader(limitOf(manifest.receipt.contents), {
    opened: (member) => selection.foresee(member),
    data: () => undefined,
    hole: () => undefined,
    closed: () => undefined,
  });

function plainBytes({ vault, decrypt, onBytes }: TreeRestore, stored: StoredObject): AsyncIterable<Buffer> {
  const bytes = storedBytes(vault, stored, (read) => onBytes?.('restore', read));
  return decrypt ? decrypt(bytes) : bytes;
}

async function* storedBytes(
  vault: Vault,
  stored: StoredObject,
  seen: (bytes: number) => void = () => undefined,
): AsyncIterable<Buffer> {
  const body = await vault.read(stored.key, stored.versionId);
  let bytes = 0;
  try {
    for await (const chunk of body as AsyncIterable<Buffer>) {
      bytes += chunk.length;
      seen(bytes);
      yield chunk;
    }
  } catch (error) {
    throw storageFailure(`GetObject ${stored.key}`, error);
  } finally {
    body.destroy();
  }
}

const methodIn = ({ client }: TreeReceipt) => methodOf(client.compression as TreeCompression);
