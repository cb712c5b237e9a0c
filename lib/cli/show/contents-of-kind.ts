import type { Manifest } from '../../domain/backup/manifest.ts';
import type { GlobalsContents } from '../../domain/backup/receipt.ts';
import type { TreeContents } from '../../domain/backup/tree-contents.ts';
import { showBytes } from '../../domain/bytes.ts';
import { plural } from '../../domain/plain-text.ts';
import { hanging } from '../terminal/fields.ts';

/** What an archived tree holds, and where the list of its members lies. */
export function treeLines(
  manifest: Manifest,
  { files, directories, links, others, bytes, members }: TreeContents,
): readonly string[] {
  const more = others > 0 ? `, ${plural(others, 'device or pipe').replace(/pipes$/, 'pipe')}` : '';
  return [
    ...hanging(
      'Contents: ',
      `${plural(files, 'file')}, ${plural(directories, 'folder')}, ${plural(links, 'link')}${more}, ${showBytes(bytes)} unpacked`,
    ),
    ...hanging('Members:  ', `${membersBeside(manifest, members.key)} lists all ${members.count}, each file with its SHA-256`),
  ];
}

/** A copy in another tier has a list of its own beside it; the receipt names the one it was made with. */
export const membersBeside = ({ key, receipt }: Manifest, named: string): string =>
  named.startsWith(receipt.key) ? `${key}${named.slice(receipt.key.length)}` : named;

/** What `pg_dumpall --globals-only` wrote. */
export const globalsLines = ({ roles, settings, tablespaces, passwords }: GlobalsContents): readonly string[] => [
  `Contents: ${plural(roles, 'role')}, ${plural(settings, 'setting')}, ${plural(tablespaces, 'tablespace')}`,
  ...hanging(
    'Passwords: ',
    passwords
      ? 'in it, as hashes: roles log in as before after a restore'
      : 'not in it, since the server hands none out: after a restore they must be set anew',
  ),
];
