import type { Tier } from '../../domain/backup/tiers.ts';
import type { OutsideLinks } from '../../domain/restore/outside-link.ts';
import { type RestoreMode, WantedBackup } from '../../domain/restore/restore-request.ts';
import { keyIn } from '../download/vault-key.ts';
import { quoted, requirePlanName, requireSourceId } from '../run/run-input.ts';
import { CliError } from '../terminal/cli-error.ts';
import { EXIT } from '../terminal/exit-codes.ts';

/** What the options of `restore` say. */
export interface RestoreOptions {
  readonly latest?: string;
  readonly archive?: string;
  readonly set?: string;
  readonly tier?: Tier;
  readonly at?: string;
  readonly date?: string;
  readonly plan?: string;
  readonly source?: readonly string[];

  readonly target?: string;
  readonly to?: string;
  readonly database?: string;
  readonly mode?: RestoreMode;
  readonly table?: readonly string[];
  readonly path?: readonly string[];
  readonly folder?: string;
  readonly replace?: boolean;
  readonly links?: OutsideLinks;
  readonly identity?: string;

  readonly owner: boolean;
  readonly compare: boolean;
  readonly overSource?: boolean;
  readonly production?: boolean;
  readonly reason?: string;
  readonly confirm?: string;

  readonly dryRun?: boolean;
  readonly wait: boolean;
  readonly json?: boolean;
  readonly config?: string;
}

const usage = (what: string, remedy: string): CliError => new CliError(EXIT.usage, what, remedy);

const ONE_OF =
  'Name one: a key, as nightproof list shows it, --latest <id>, --archive <id> --date <date>, or --set <slot|latest>.';

/** Reads which backups are meant: one of the four ways to say it. */
export function wantedIn(what: string | undefined, options: RestoreOptions): WantedBackup {
  const { latest, archive, set } = options;
  const ways = [what, latest, archive, set].filter((way) => way !== undefined);
  if (ways.length !== 1)
    throw usage(ways.length === 0 ? 'no backup was named' : 'backups were named in more than one way', ONE_OF);
  refuseStray(options);
  for (const id of [latest, archive, ...(options.source ?? [])]) if (id !== undefined) requireSourceId(id);
  if (options.plan !== undefined) requirePlanName(options.plan);
  return checked(wanted(what, options), options);
}

function wanted(what: string | undefined, { latest, archive, set, tier, at, date, plan, source }: RestoreOptions): unknown {
  if (what !== undefined) {
    const key = keyIn(what);
    if (!key) throw usage(`${quoted(what)} is not the key of a backup`, 'See them with: nightproof list --json');
    return { key };
  }
  if (latest !== undefined) return { source: latest, ...(tier && { tier }), ...(at !== undefined && { at }) };
  if (set !== undefined) return { set, ...(plan !== undefined && { plan }), ...(source && { sources: [...new Set(source)] }) };
  if (date === undefined) throw usage('--archive needs the date of the folder', 'Add it, as --date 2026-04-15.');
  return { source: archive, tier: 'archive', at: date };
}

/** Options that belong to another way of naming a backup would silently mean nothing. */
function refuseStray({ latest, archive, set, tier, at, date, plan, source }: RestoreOptions): void {
  const stray: readonly (readonly [boolean, string, string])[] = [
    [tier !== undefined && latest === undefined, '--tier', '--latest'],
    [at !== undefined && latest === undefined, '--at', '--latest'],
    [date !== undefined && archive === undefined, '--date', '--archive'],
    [plan !== undefined && set === undefined, '--plan', '--set'],
    [source !== undefined && set === undefined, '--source', '--set'],
  ];
  for (const [is, option, beside] of stray)
    if (is) throw usage(`${option} belongs to ${beside}`, `Leave it out, or name the backup with ${beside}.`);
}

function checked(written: unknown, { at, date, set }: RestoreOptions): WantedBackup {
  const parsed = WantedBackup.safeParse(written);
  if (parsed.success) return parsed.data;
  if (set !== undefined) throw usage(`${quoted(set)} is no slot`, 'A slot is as 20260419_020000; or: --set latest');
  if (date !== undefined) throw usage(`${quoted(date)} is no date`, 'A date is as 2026-04-15.');
  throw usage(`${quoted(at ?? '')} is neither a slot nor a date`, 'A slot is as 20260419_020000, a date as 2026-04-19, in UTC.');
}

/** What --to, on this machine, has no meaning for, and the other way round. */
export function refuseMixed(options: RestoreOptions): void {
  const { to, set } = options;
  if (to === undefined) {
    if (options.identity !== undefined)
      throw usage('--identity belongs to --to', 'On AWS the identity comes from the secret that restore.identity names.');
    return;
  }
  if (set !== undefined)
    throw usage('--to takes one backup, not a set', 'Name the trees of the set one by one, each with its key.');
  const elsewhere = ELSEWHERE.find(([field]) => options[field] !== undefined && options[field] !== false);
  if (elsewhere) throw usage(`${elsewhere[1]} cannot be used with --to`, 'With --to a tree is unpacked on this machine.');
  if (!options.wait) throw usage('--no-wait cannot be used with --to', 'The work is done by this command: leave it out.');
}

const ELSEWHERE = [
  ['target', '--target'],
  ['database', '--database'],
  ['mode', '--mode'],
  ['table', '--table'],
  ['folder', '--folder'],
  ['overSource', '--over-source'],
  ['production', '--production'],
  ['confirm', '--confirm'],
] as const satisfies readonly (readonly [keyof RestoreOptions, string])[];
