import { isDeepStrictEqual } from 'node:util';
import { manifestKey, tryPrefix } from '../../domain/backup/keys.ts';
import { Manifest } from '../../domain/backup/manifest.ts';
import { manifestProblem } from '../../domain/backup/manifest-problem.ts';
import { TryRecord } from '../../domain/backup/receipt.ts';
import { Failure } from '../../domain/outcomes.ts';
import { storageFailure } from '../storage-failure.ts';
import { digestOf } from '../stored-digest.ts';
import type { ReadableVault } from './watched-reads.ts';

/** The newest form of manifest that is known here. */
const KNOWN_VERSION = 1;

/**
 * Reads the manifest beside an artifact as the bytes that it is. Throws `damaged` where they are others than were stored, or are no
 * manifest of that artifact; and where its receipt is not the one that the task left among the records of its run.
 */
export async function readStoredManifest(vault: ReadableVault, artifact: string): Promise<Manifest> {
  const key = manifestKey(artifact);
  const manifest = manifestIn(await storedText(vault, key), key);
  const problem = manifestProblem(manifest, artifact);
  if (problem !== undefined) throw new Failure('damaged', `${artifact}: ${problem}`);
  await refuseOtherReceipt(vault, manifest);
  return manifest;
}

async function storedText(vault: ReadableVault, key: string): Promise<string> {
  const stored = await vault.head(key);
  if (!stored) throw new Failure('no-backup', `there is no ${key}`);
  const pieces: Buffer[] = [];
  const digest = await digestOf(await vault.read(key, stored.versionId), async (piece) => pieces.push(Buffer.from(piece)));
  const same = stored.crc32 === undefined || stored.crc32 === digest.crc32;
  if (digest.fault && (same || digest.bytes < stored.bytes)) throw storageFailure(`GetObject ${key}`, digest.fault);
  if (!same) throw new Failure('damaged', `${key} has CRC32 ${digest.crc32}; stored was ${stored.crc32}`);
  return Buffer.concat(pieces).toString();
}

function manifestIn(text: string, key: string): Manifest {
  const document = parsed(text);
  const found = Manifest.safeParse(document);
  if (found.success) return found.data;
  // what a newer nightproof wrote is not damaged for that
  const { version } = (document ?? {}) as { readonly version?: unknown };
  if (typeof version === 'number' && version > KNOWN_VERSION)
    throw new Failure('version', `${key} was written by a newer nightproof (version ${version})`);
  const [issue] = found.error.issues;
  throw new Failure('damaged', `${key} is no manifest (${issue?.path.join('.') || 'document'}: ${issue?.code ?? 'unreadable'})`);
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Records of runs may have been cleared away; those that are there speak of the same bytes, and of the same contents. */
async function refuseOtherReceipt(vault: ReadableVault, { key, receipt, verification }: Manifest): Promise<void> {
  const { tryKey } = verification;
  const record = await vault.readJson(tryKey, TryRecord);
  if (record?.result === 'receipt' && isDeepStrictEqual(record.receipt, receipt)) return;
  if (record) throw new Failure('damaged', `${key}: the receipt in its manifest is not the one in ${tryKey}`);
  for await (const other of vault.list(tryPrefix(receipt.slot, receipt.sourceId)))
    throw new Failure('damaged', `${key}: its manifest names ${tryKey}, which is not there, but ${other.key} is`);
}
