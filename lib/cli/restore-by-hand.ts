import type { Manifest } from '../domain/manifest.ts';
import type { Backend } from './backend.ts';
import { shellWord } from './shell-word.ts';

/**
 * The commands that restore a backup with plain tools, into a new database: what is in use is never touched. They work without
 * nightproof, so that a backup is worth something without it.
 */
export function restoreByHand({ key, sourceId, receipt }: Manifest, { locate, flags }: Backend): readonly string[] {
  const place = locate(key);
  const [file, first] = 's3' in place ? fetched(key, place.s3, flags) : stored(place.file);
  const database = `${sourceId}_restored`;
  return [
    `Restore it by hand (with pg_restore ${majorOf(receipt)} or newer):`,
    ...first,
    '  # its bytes are those that were verified: says OK',
    `  printf '%s  %s\\n' ${receipt.sha256} ${file} | sha256sum --check`,
    '  # into a new database, all of it or nothing; PGHOST, PGUSER and PGPASSWORD say where',
    `  createdb ${database}`,
    `  pg_restore --exit-on-error --single-transaction --no-owner --no-acl \\`,
    `    --dbname=${database} ${file}`,
  ];
}

type FileAndLines = readonly [file: string, lines: readonly string[]];

function fetched(key: string, address: string, flags: string): FileAndLines {
  const region = /--region \S+/.exec(flags)?.[0];
  const copy = (to: string): string => `aws s3 cp ${address} ${to}${region ? ` ${region}` : ''}`;
  const lines = ['  # what is in it', `  ${copy('-')} | pg_restore --list`, '  # fetch it', `  ${copy('.')}`];
  return [key.slice(key.indexOf('/') + 1), lines];
}

const stored = (path: string): FileAndLines => [
  '"$dump"',
  [`  dump=${shellWord(path)}`, '  # what is in it', '  pg_restore --list "$dump"'],
];

/** An older pg_restore does not read what a newer pg_dump wrote. */
const majorOf = ({ client, server }: Manifest['receipt']): string =>
  /(\d+)(?:\.|$|\s)/.exec(client.version)?.[1] ?? String(server.major);
