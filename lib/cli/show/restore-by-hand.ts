import { type ArtifactFormat, parseArtifactKey } from '../../domain/backup/keys.ts';
import type { Manifest } from '../../domain/backup/manifest.ts';
import type { Backend } from '../place/backend.ts';
import { shellWord } from '../terminal/shell-word.ts';

const DECRYPT = 'age -d -i identity.txt';

/** How plain tools read one kind of artifact: from a file, or from stdin where that file is `-`. */
interface Tools {
  /** What has to be there. */
  readonly needs: string;
  /** Shows on stdin what is in it. */
  readonly contents: string;
  /** Restores it, into what is new: what is in use is never touched. */
  readonly restore: (file: string) => readonly string[];
}

/**
 * The commands that restore a backup with plain tools. They work without nightproof, so that a backup is worth something
 * without it.
 */
export function restoreByHand(manifest: Manifest, { locate, flags }: Backend): readonly string[] {
  const { key, receipt } = manifest;
  const place = locate(key);
  const tools = toolsFor(manifest);
  const encrypted = key.endsWith('.age');
  const reads = encrypted ? `${DECRYPT} | ${tools.contents}` : tools.contents;
  const [file, first] = 's3' in place ? fetched(key, place.s3, { flags, reads }) : stored(place.file, reads);
  return [
    `Restore it by hand (with ${tools.needs}${encrypted ? ', and age' : ''}):`,
    ...(encrypted ? ['  # identity.txt holds the secret key of one of its recipients'] : []),
    ...first,
    '  # its bytes are those that were verified: says OK',
    `  printf '%s  %s\\n' ${receipt.sha256} ${file} | sha256sum --check`,
    ...(encrypted ? decrypted(tools.restore('-'), file) : tools.restore(file)).map((line) => `  ${line}`),
  ];
}

/** Puts the decryption in front of the command that reads stdin. */
const decrypted = (lines: readonly string[], file: string): readonly string[] =>
  lines.map((line) => (/^(pg_restore|psql|tar) /.test(line) ? `${DECRYPT} ${file} | ${line}` : line));

function toolsFor({ key, sourceId, date, receipt }: Manifest): Tools {
  const format = (parseArtifactKey(key)?.format ?? 'dump').replace(/\.age$/, '') as ArtifactFormat;
  if (format === 'dump') return ofDump(`${sourceId}_restored`, receipt);
  if (format === 'sql') return OF_GLOBALS;
  return ofTree(`${sourceId}${date === undefined ? '' : `_${date}`}_restored`, format === 'tar.zst');
}

function ofDump(database: string, receipt: Manifest['receipt']): Tools {
  return {
    needs: `pg_restore ${majorOf(receipt)} or newer`,
    contents: 'pg_restore --list',
    restore: (file) => [
      '# into a new database, all of it or nothing; PGHOST, PGUSER and PGPASSWORD say where',
      `createdb ${database}`,
      'pg_restore --exit-on-error --single-transaction --no-owner --no-acl \\',
      `  --dbname=${database}${file === '-' ? '' : ` ${file}`}`,
    ],
  };
}

const OF_GLOBALS: Tools = {
  needs: 'psql',
  contents: "grep '^CREATE ROLE'",
  restore: (file) => [
    '# into a server; a role that is there already is an error that does no harm; PGHOST, PGUSER and PGPASSWORD say where',
    `psql --dbname=postgres -f ${file}`,
  ],
};

const ofTree = (folder: string, zstd: boolean): Tools => ({
  needs: zstd ? 'tar and zstd' : 'tar',
  contents: zstd ? 'tar --zstd -tf -' : 'tar -tzf -',
  restore: (file) => [
    '# into a new folder; as root, owners come back too',
    `mkdir ${folder}`,
    `tar ${zstd ? '--zstd -xf' : '-xzf'} ${file} -C ${folder}`,
  ],
});

type FileAndLines = readonly [file: string, lines: readonly string[]];

function fetched(
  key: string,
  address: string,
  { flags, reads }: { readonly flags: string; readonly reads: string },
): FileAndLines {
  const region = /--region \S+/.exec(flags)?.[0];
  const copy = (to: string): string => `aws s3 cp ${address} ${to}${region ? ` ${region}` : ''}`;
  const lines = ['  # what is in it', `  ${copy('-')} | ${reads}`, '  # fetch it', `  ${copy('.')}`];
  return [key.slice(key.indexOf('/') + 1), lines];
}

const stored = (path: string, reads: string): FileAndLines => [
  '"$backup"',
  [`  backup=${shellWord(path)}`, '  # what is in it', `  cat "$backup" | ${reads}`],
];

/** An older pg_restore does not read what a newer pg_dump wrote. */
const majorOf = ({ client, ...receipt }: Manifest['receipt']): string =>
  /(\d+)(?:\.|$|\s)/.exec(client.version)?.[1] ?? ('server' in receipt ? String(receipt.server.major) : '');
