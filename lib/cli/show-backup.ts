import { showBytes } from '../domain/bytes.ts';
import { showDuration } from '../domain/duration.ts';
import { manifestKey } from '../domain/keys.ts';
import { Manifest } from '../domain/manifest.ts';
import type { StoredObject } from '../runtime/vault.ts';
import type { Backend } from './backend.ts';
import { BackupOutput } from './backup-output.ts';
import { CliError } from './cli-error.ts';
import { contentLines } from './content-lines.ts';
import type { CliContext } from './context.ts';
import { EXIT, type ExitCode } from './exit-codes.ts';
import { fields, showInstant } from './fields.ts';
import { findingLines } from './finding-lines.ts';
import type { Finding } from './inventory.ts';
import { restoreByHand } from './restore-by-hand.ts';
import type { Terminal } from './terminal.ts';
import { readDocument } from './vault-document.ts';

/** Shows a backup's manifest beside what the vault holds now, and how to restore it with plain tools. */
export async function showBackup(
  { terminal }: CliContext,
  backend: Backend,
  key: string,
  { all, json }: { readonly all?: boolean; readonly json?: boolean },
): Promise<ExitCode> {
  const manifest = await readManifest(backend, key);
  const stored = await backend.vault.head(key);
  const findings = compare(manifest, stored);
  if (json) terminal.json(BackupOutput.parse(output(backend, { key, manifest, stored, findings })));
  else terminal.result([...describe({ manifest, findings }, terminal, all ?? false), '', ...restoreByHand(manifest, backend)]);
  return findings.length > 0 ? EXIT.unverified : EXIT.done;
}

async function readManifest({ vault, flags }: Backend, key: string): Promise<Manifest> {
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

/** Where the object is not, or is not any more, what the manifest says. */
function compare({ key, receipt }: Manifest, stored: StoredObject | undefined): readonly Finding[] {
  if (!stored) return [{ key, problem: 'is gone, though its manifest is there: nothing can be restored from it' }];
  const { bytes, crc32 } = stored;
  return [
    ...(bytes === receipt.bytes ? [] : [{ key, problem: `has ${bytes} bytes, but its manifest says ${receipt.bytes}` }]),
    ...(crc32 === undefined || crc32 === receipt.crc32
      ? []
      : [{ key, problem: `has the CRC32 ${crc32}, but its manifest says ${receipt.crc32}: its content has changed` }]),
  ];
}

function describe(
  { manifest, findings }: { readonly manifest: Manifest; readonly findings: readonly Finding[] },
  terminal: Terminal,
  all: boolean,
): readonly string[] {
  return [
    terminal.paint('strong', manifest.key),
    ...(findings.length > 0 ? ['', ...findingLines(findings, terminal)] : []),
    '',
    ...fields(facts(manifest)),
    '',
    ...contentLines(manifest.receipt.contents, terminal, all),
    ...(manifest.receipt.warnings.length > 0
      ? ['', 'WARNINGS', ...manifest.receipt.warnings.map((warning) => `  ${warning}`)]
      : []),
  ];
}

function facts({
  sourceId,
  database,
  slot,
  receipt,
  verification,
  createdAt,
  copiedFrom,
}: Manifest): readonly (readonly [string, string])[] {
  const seconds = (Date.parse(receipt.finishedAt) - Date.parse(receipt.startedAt)) / 1000;
  return [
    ['Proof', proofOf(verification)],
    ['Source', `${sourceId} (database ${JSON.stringify(database)})`],
    ['Slot', slot],
    ...(copiedFrom ? ([['Copied from', copiedFrom.key]] as const) : []),
    [
      'Size',
      `${showBytes(receipt.bytes)}${receipt.bytes < 1024 ? '' : ` (${receipt.bytes} bytes)`}; the database had ${showBytes(receipt.server.databaseBytes)}`,
    ],
    ['SHA-256', receipt.sha256],
    ['CRC32', receipt.crc32],
    ['Dumped', `${showInstant(new Date(receipt.startedAt))}, took ${showDuration(Math.max(0, seconds))}`],
    ['Verified', showInstant(new Date(verification.at))],
    ['Manifest', `written ${showInstant(new Date(createdAt))}`],
    ['Server', receipt.server.version],
    ['Client', `${receipt.client.version}, compression ${receipt.client.compression}`],
  ];
}

const proofOf = ({ readBack, tocEntries }: Manifest['verification']): string =>
  readBack
    ? `verified: every byte was decoded while it was dumped, then read back and hashed; ${tocEntries} entries in the archive`
    : `verified: every byte was decoded while it was dumped; too large to be read back whole, so S3's own CRC32 stands for that; ${tocEntries} entries in the archive`;

interface Shown {
  readonly key: string;
  readonly manifest: Manifest;
  readonly stored: StoredObject | undefined;
  readonly findings: readonly Finding[];
}

const output = ({ vault }: Backend, { key, manifest, stored, findings }: Shown): BackupOutput => ({
  version: 1,
  kind: 'backup',
  vault: vault.bucket,
  key,
  manifest,
  stored: stored ? { bytes: stored.bytes, crc32: stored.crc32 ?? null, versionId: stored.versionId ?? null } : null,
  findings: [...findings],
});
