import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { Manifest } from '../../domain/backup/manifest.ts';
import type { TreeReceipt } from '../../domain/backup/receipt.ts';
import { showBytes } from '../../domain/bytes.ts';
import { plural } from '../../domain/plain-text.ts';
import type { WantedBackup } from '../../domain/restore/restore-request.ts';
import { slotOf } from '../../domain/time/slot.ts';
import { chooseBackups } from '../../runtime/choose-backups.ts';
import { type Decryption, decryptionWith } from '../../runtime/encryption/age-decryption.ts';
import type { ExtractedTree } from '../../runtime/tree/extract-tree.ts';
import { restoreTree } from '../../runtime/tree/restore-tree.ts';
import { type DownloadProgress, downloadProgress } from '../download/download-progress.ts';
import type { Backend, Place } from '../place/backend.ts';
import type { CliContext } from '../place/context.ts';
import { withBackend } from '../place/with-backend.ts';
import { CliError, Interrupted } from '../terminal/cli-error.ts';
import { EXIT, type ExitCode } from '../terminal/exit-codes.ts';
import { hanging } from '../terminal/fields.ts';
import type { RestoreOptions } from './restore-options.ts';
import { RestoredFolderOutput } from './restored-folder-output.ts';

type ToOptions = RestoreOptions & { readonly to: string };
type TreeManifest = Manifest & { readonly receipt: TreeReceipt };

/** Unpacks the backup of a tree into a folder of this machine: reads it whole and compares it first, then once more to unpack it. */
export async function restoreToFolder(
  context: CliContext,
  place: Place,
  wanted: WantedBackup,
  options: ToOptions,
): Promise<ExitCode> {
  const { terminal, now } = context;
  const decrypt = options.identity === undefined ? undefined : decryptionWith(await identityIn(options.identity));
  return withBackend(context, place, { does: 'download' }, async (backend) => {
    const [manifest] = await chooseBackups(backend.vault, wanted, now());
    const tree = treeIn(manifest, backend, decrypt);
    const folder = resolve(options.to);
    if (options.dryRun) {
      terminal.result([
        `${tree.key} would be unpacked into ${folder}: ${plural(tree.receipt.contents.files, 'file')}, ${showBytes(tree.receipt.contents.bytes)}`,
        'Nothing was done.',
      ]);
      return EXIT.done;
    }
    const restored = await unpacked(context, backend, tree, { folder, options, decrypt });
    if (options.json) terminal.json(RestoredFolderOutput.parse(output(backend, tree, folder, restored)));
    else terminal.result(lines(tree, folder, restored));
    return EXIT.done;
  });
}

async function identityIn(file: string): Promise<string> {
  return readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    throw new CliError(
      EXIT.usage,
      `${file} cannot be read (${error.code ?? 'unknown'})`,
      'Name the file that age-keygen wrote with --identity.',
      { cause: error },
    );
  });
}

function treeIn(manifest: Manifest | undefined, { flags }: Backend, decrypt: Decryption | undefined): TreeManifest {
  const { key = '', receipt } = manifest ?? {};
  if (!manifest || !receipt || receipt.kind === 'database' || receipt.kind === 'globals')
    throw new CliError(
      EXIT.usage,
      `${key} is no tree of files, so that it cannot be unpacked`,
      `Restore it with --target, or fetch it: nightproof download ${key}${flags}`,
    );
  if (receipt.encryption && !decrypt)
    throw new CliError(EXIT.usage, `${key} is encrypted`, 'Name the file of the age identity with --identity.');
  return { ...manifest, receipt };
}

interface Unpacking {
  readonly folder: string;
  readonly options: ToOptions;
  readonly decrypt: Decryption | undefined;
}

async function unpacked(
  { terminal, now, interrupt: signal }: CliContext,
  { vault }: Backend,
  manifest: TreeManifest,
  { folder, options, decrypt }: Unpacking,
): Promise<ExtractedTree> {
  const { path, links, replace } = options;
  let phase: string | undefined;
  let progress: DownloadProgress | undefined;
  const onBytes = (of: 'verify' | 'restore', bytes: number): void => {
    if (phase !== of) {
      progress?.stop();
      terminal.note(of === 'verify' ? `reading ${manifest.key} whole` : 'unpacking it');
      progress = downloadProgress(terminal, manifest.receipt.bytes, now);
    }
    phase = of;
    progress?.seen(bytes);
  };
  try {
    return await restoreTree({
      vault,
      manifest,
      destination: folder,
      name: slotOf(now()),
      outsideLinks: links ?? 'leaveOut',
      signal,
      onBytes,
      ...(replace && { replace }),
      ...(path && { paths: path }),
      ...(decrypt && { decrypt }),
    });
  } catch (error) {
    if (signal.aborted) throw new Interrupted();
    throw error;
  } finally {
    progress?.stop();
  }
}

function lines({ key, receipt }: TreeManifest, folder: string, restored: ExtractedTree): readonly string[] {
  return [
    `${folder}: ${plural(restored.files, 'file')}, as they were backed up`,
    `  ${key}: all of its ${showBytes(receipt.bytes)} were read and compared with the manifest before anything was written`,
    ...(restored.replaced === undefined ? [] : hanging('  Before   ', `what was there is kept as ${restored.replaced}`)),
    ...restored.warnings.flatMap((warning) => hanging('  Warning  ', warning)),
  ];
}

const output = (
  { vault }: Backend,
  { key, receipt }: TreeManifest,
  folder: string,
  { files, replaced, warnings }: ExtractedTree,
): RestoredFolderOutput => ({
  version: 1,
  kind: 'restoredFolder',
  vault: vault.bucket,
  key,
  folder,
  files,
  bytes: receipt.bytes,
  before: replaced ?? null,
  warnings: [...warnings],
});
