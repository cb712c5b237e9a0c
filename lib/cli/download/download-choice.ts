import { existsSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { TIERS } from '../../domain/backup/tiers.ts';
import { listBackups } from '../../runtime/backups.ts';
import type { Backend } from '../place/backend.ts';
import { quoted, requireSourceId } from '../run/run-input.ts';
import { CliError } from '../terminal/cli-error.ts';
import { EXIT } from '../terminal/exit-codes.ts';
import { keyIn } from './vault-key.ts';

export interface DownloadOptions {
  /** The newest backup of this source, in place of a key. */
  readonly latest?: string;
  readonly to?: string;
  readonly force?: boolean;
  readonly json?: boolean;
}

/** What was asked for. */
type Named = { readonly key: string } | { readonly sourceId: string };

/** Reads what names a backup: one of the two ways. */
export function namedBackup(what: string | undefined, { latest }: DownloadOptions): Named {
  if ((what === undefined) === (latest === undefined))
    throw new CliError(
      EXIT.usage,
      what === undefined ? 'no backup was named' : 'a key and --latest were both given',
      'Name one backup: its key, as nightproof list shows it, or --latest with the id of a source.',
    );
  if (latest !== undefined) {
    requireSourceId(latest);
    return { sourceId: latest };
  }
  const key = keyIn(what ?? '');
  if (key) return { key };
  throw new CliError(EXIT.usage, `${quoted(what ?? '')} is not the key of a backup`, 'See them with: nightproof list --json');
}

/** The newest that has a manifest; of one slot the daily rather than a copy of it. */
export async function newestKey({ vault, flags }: Backend, sourceId: string): Promise<string> {
  const backups = (await listBackups(vault, sourceId, TIERS)).filter(({ damaged }) => !damaged);
  const [newest] = [...backups].sort((a, b) =>
    a.slot === b.slot ? TIERS.indexOf(a.tier) - TIERS.indexOf(b.tier) : a.slot < b.slot ? 1 : -1,
  );
  if (newest) return newest.key;
  throw new CliError(EXIT.unverified, `there is no verified backup of ${sourceId}`, `See what there is: nightproof list${flags}`);
}

/** Where it goes: its own name in this folder or in one that was named. */
export function target(key: string, { to, force }: DownloadOptions): string {
  const name = basename(key);
  const file = to === undefined ? name : existsSync(to) && statSync(to).isDirectory() ? join(to, name) : to;
  if (!existsSync(dirname(file)))
    throw new CliError(EXIT.usage, `the folder ${dirname(file)} does not exist`, 'Make it first, or name another with --to.');
  if (force) return file;
  if (existsSync(file))
    throw new CliError(
      EXIT.usage,
      `${file} exists`,
      'Name another with --to, or write over it with --force. Nothing was changed.',
    );
  if (existsSync(`${file}.part`))
    throw new CliError(
      EXIT.usage,
      `${file}.part exists: another download is under way, or one was killed`,
      'If none is under way, write over it with --force.',
    );
  return file;
}
