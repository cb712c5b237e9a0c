import type { Manifest } from '../../domain/backup/manifest.ts';
import type { Backend } from '../place/backend.ts';
import { shellWord } from '../terminal/shell-word.ts';

/** The commands that restore a backup with nightproof, the one that replaces nothing first; none for one that is not whole. */
export function restoreHints({ key, kind, sourceId }: Manifest, { flags }: Backend, isDamaged: boolean): readonly string[] {
  if (isDamaged) return ['Do not restore this backup: take another one (nightproof list), and see the findings above.'];
  const command = (rest: string): string => `  nightproof restore ${shellWord(key)} ${rest}${flags}`;
  switch (kind) {
    case 'database':
      return [
        'Restore it with nightproof:',
        '  # beside what is there: nothing is replaced',
        command(`--target NAME --mode new --database ${shellWord(`${sourceId}_restored`)}`),
        '  # in place of the database that is there, which is kept under another name',
        command('--target NAME'),
      ];
    case 'globals':
      return ['Restore it with nightproof:', command('--target NAME')];
    case 'files':
    case 'config':
    case 'datedFolder':
      return [
        'Restore it with nightproof:',
        '  # into a new folder on this machine',
        command(`--to ${shellWord(`./${sourceId}_restored`)}${key.endsWith('.age') ? ' --identity identity.txt' : ''}`),
        '  # into a folder on the volume of a target',
        command('--target NAME'),
      ];
  }
}
