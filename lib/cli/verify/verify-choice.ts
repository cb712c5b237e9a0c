import { parseArtifactKey } from '../../domain/backup/keys.ts';
import { TIERS } from '../../domain/backup/tiers.ts';
import { turnAt } from '../../domain/patrol/choose-keys.ts';
import { parseShare } from '../../domain/patrol/parse-share.ts';
import { patrolShare } from '../../domain/patrol/share.ts';
import { listAllBackups, listBackups } from '../../runtime/backups.ts';
import type { Vault } from '../../runtime/vault.ts';
import { keyIn } from '../download/vault-key.ts';
import { quoted, requireSourceId } from '../run/run-input.ts';
import { CliError } from '../terminal/cli-error.ts';
import { EXIT } from '../terminal/exit-codes.ts';

export interface VerifyOptions {
  readonly all?: boolean;
  /** A share of all backups, as `5%`. */
  readonly sample?: string;
  readonly source?: string;
  readonly json?: boolean;
}

/** What was asked for. */
export type Asked =
  | { readonly keys: readonly string[] }
  /** `percent` of all, or of one source. */
  | { readonly percent: number; readonly source?: string };

/** Reads what names backups: keys, or one of the ways to name many. */
export function askedFor(written: readonly string[], { all, sample, source }: VerifyOptions): Asked {
  const ways = [written.length > 0, all === true, sample !== undefined].filter((given) => given).length;
  if (ways > 1 || (written.length > 0 && source !== undefined))
    throw wrongUse(
      'keys, --all and --sample were given together',
      'Name keys, or --all, or --sample 5%; --source goes with the last two.',
    );
  if (ways === 0 && source === undefined)
    throw wrongUse('no backup was named', 'Name keys, as nightproof list shows them, or --all, --sample 5%, or --source ID.');
  if (written.length > 0) return { keys: [...new Set(written.map(backupKey))] };
  if (source !== undefined) requireSourceId(source);
  return { percent: sample === undefined ? 100 : percentOf(sample), ...(source !== undefined && { source }) };
}

/** The keys of what was asked for, in order. What is known to be damaged is read again only where it is named. */
export async function keysOf(vault: Vault, asked: Asked, now: Date): Promise<readonly string[]> {
  if ('keys' in asked) return asked.keys;
  const { source, percent } = asked;
  const all =
    source === undefined ? [...(await listAllBackups(vault, TIERS)).values()].flat() : await listBackups(vault, source, TIERS);
  const good = all.filter(({ damaged }) => !damaged).map(({ key }) => key);
  return patrolShare(good, percent, turnAt(now));
}

function backupKey(written: string): string {
  const key = keyIn(written);
  if (key !== undefined && parseArtifactKey(key)?.part === 'artifact') return key;
  throw wrongUse(`${quoted(written)} is not the key of a backup`, 'See them with: nightproof list --json');
}

function percentOf(sample: string): number {
  const percent = parseShare(sample);
  if (percent !== undefined) return percent;
  throw wrongUse(`--sample ${quoted(sample)} is no share of all backups`, 'Write it as a whole number of percent: --sample 5%');
}

const wrongUse = (what: string, remedy: string): CliError => new CliError(EXIT.usage, what, remedy);
