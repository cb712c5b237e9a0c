import { manifestKey } from '../../domain/backup/keys.ts';
import { Manifest } from '../../domain/backup/manifest.ts';
import { showBytes } from '../../domain/bytes.ts';
import type { Backend } from '../place/backend.ts';
import { readDocument } from '../place/vault-document.ts';
import { CliError } from '../terminal/cli-error.ts';
import { EXIT } from '../terminal/exit-codes.ts';

/** The manifest of a backup. Where there is none that can be read, it is said what that means for the object. */
export async function readManifest({ vault, flags }: Backend, key: string): Promise<Manifest> {
  const document = await readDocument(vault, manifestKey(key), Manifest);
  if ('found' in document) return document.found;
  const other = `See what there is: nightproof list${flags}`;
  if ('damaged' in document)
    throw new CliError(EXIT.unverified, `the manifest of ${key} ${document.damaged}`, `Do not count on this backup. ${other}`);
  const object = await vault.head(key);
  if (!object) throw new CliError(EXIT.unverified, `there is no backup ${key}`, other);
  throw new CliError(
    EXIT.unverified,
    `${key} (${showBytes(object.bytes)}) has no manifest, so it is no backup: its dump is under way, or failed`,
    other,
  );
}
