import type { Manifest } from '../../domain/backup/manifest.ts';
import { showBytes } from '../../domain/bytes.ts';
import { isEncrypted } from '../list/listed-backup.ts';
import type { Backend, Place } from '../place/backend.ts';
import type { CliContext } from '../place/context.ts';
import { withBackend } from '../place/with-backend.ts';
import { readManifest } from '../show/read-manifest.ts';
import { CliError, Interrupted } from '../terminal/cli-error.ts';
import { EXIT, type ExitCode } from '../terminal/exit-codes.ts';
import { shellWord } from '../terminal/shell-word.ts';
import { type DownloadOptions, namedBackup, newestKey, target } from './download-choice.ts';
import { DownloadOutput } from './download-output.ts';
import { downloadProgress } from './download-progress.ts';
import { type Digest, type HashedFile, writeHashed } from './hashed-file.ts';

/** Fetches one backup into a file, and gives it its name only when it is what its manifest says. */
export async function download(
  context: CliContext,
  place: Place,
  what: string | undefined,
  options: DownloadOptions,
): Promise<ExitCode> {
  const named = namedBackup(what, options);
  return withBackend(context, place, { does: 'download' }, async (backend) => {
    const key = 'key' in named ? named.key : await newestKey(backend, named.sourceId);
    const manifest = await readManifest(backend, key);
    const file = target(key, options);
    const digest = await fetched(context, backend, manifest, { file, force: options.force ?? false });
    if (options.json) context.terminal.json(DownloadOutput.parse(output(backend, manifest, { file, digest })));
    else context.terminal.result(lines(backend, manifest, file));
    return EXIT.done;
  });
}

interface Target {
  readonly file: string;
  readonly force: boolean;
}

async function fetched(context: CliContext, { vault }: Backend, manifest: Manifest, { file, force }: Target): Promise<Digest> {
  const { key, receipt } = manifest;
  const { terminal, now, interrupt: signal } = context;
  const stored = await vault.head(key);
  if (!stored)
    throw new CliError(EXIT.unverified, `${key} is gone, though its manifest is there`, 'Take another backup: nightproof list');
  const progress = downloadProgress(terminal, receipt.bytes, now);
  let written: HashedFile;
  try {
    written = await writeHashed(() => vault.read(key, stored.versionId), { file, force, signal, onBytes: progress.seen });
  } catch (error) {
    if (signal.aborted) throw new Interrupted();
    throw explainFile(error, file);
  } finally {
    progress.stop();
  }
  const difference = differs(written.digest, receipt);
  if (difference) {
    await written.discard();
    throw new CliError(
      EXIT.unverified,
      `what was downloaded is not what was verified: ${difference}. Nothing was kept`,
      `Try once more. If it says so again, the backup is damaged: nightproof show ${key}, and take an older one.`,
    );
  }
  await written.keep();
  return written.digest;
}

function differs(digest: Digest, receipt: Manifest['receipt']): string | undefined {
  if (digest.bytes !== receipt.bytes) return `${digest.bytes} bytes, where the manifest says ${receipt.bytes}`;
  if (digest.sha256 !== receipt.sha256) return `SHA-256 ${digest.sha256}, where the manifest says ${receipt.sha256}`;
  return undefined;
}

/** Calls on files; the network has others. */
const FILE_CALLS = new Set(['open', 'write', 'fsync', 'fdatasync', 'stat', 'rename', 'rm', 'unlink']);

/** What the file system refuses, by its code; anything else is the vault's. */
function explainFile(error: unknown, file: string): unknown {
  const { code = '', syscall = '' } = error as NodeJS.ErrnoException;
  if (!FILE_CALLS.has(syscall)) return error;
  const remedy = code === 'ENOSPC' ? 'Make room, or name another place with --to.' : 'Name another place with --to.';
  return new CliError(EXIT.usage, `${file} cannot be written (${code}). Nothing was kept`, remedy, { cause: error });
}

const lines = ({ flags }: Backend, { key, receipt }: Manifest, file: string): readonly string[] => [
  `${file}: ${showBytes(receipt.bytes)}, and its SHA-256 is that of the manifest`,
  `  ${receipt.sha256}`,
  `Restore it by hand:  nightproof show ${shellWord(key)}${flags}`,
];

const output = (
  { vault }: Backend,
  manifest: Manifest,
  { file, digest }: { readonly file: string; readonly digest: Digest },
): DownloadOutput => ({
  version: 1,
  kind: 'download',
  vault: vault.bucket,
  key: manifest.key,
  file,
  ...digest,
  encrypted: isEncrypted(manifest),
});
