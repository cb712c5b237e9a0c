import { showBytes } from '../../domain/bytes.ts';
import { plural, wrapped } from '../../domain/plain-text.ts';
import type { Backend } from '../place/backend.ts';
import { type Cell, type Column, renderTable } from '../terminal/table.ts';
import type { Terminal, Tone } from '../terminal/terminal.ts';
import type { VerifiedAgain } from './verify-output.ts';

const COLUMNS: readonly Column[] = [
  { title: 'BACKUP', shrinks: true },
  { title: 'SIZE', align: 'right' },
  { title: 'RESULT' },
  { title: 'READ', optional: true },
];

const TONES = { intact: 'good', damaged: 'bad', unread: 'doubtful' } as const satisfies Record<VerifiedAgain['result'], Tone>;

/** A table of all, and below it what is wrong, with what to do. */
export function verifyLines(
  backups: readonly VerifiedAgain[],
  { vault, name, flags }: Backend,
  terminal: Terminal,
): readonly string[] {
  const of = (result: VerifiedAgain['result']) => backups.filter((one) => one.result === result);
  const [damaged, unread] = [of('damaged'), of('unread')];
  const hashesOnly = backups.filter(({ decoded }) => decoded === false).length;
  return [
    ...renderTable(
      COLUMNS,
      backups.map((one) => row(one, terminal)),
      terminal.resultColumns,
    ),
    '',
    `${plural(backups.length, 'backup')} read: ${of('intact').length} intact, ${damaged.length} damaged, ${unread.length} that could not be read.`,
    ...(hashesOnly > 0 ? HASHES_ONLY(hashesOnly) : []),
    ...(damaged.length > 0 ? ['', terminal.paint('bad', 'DAMAGED'), ...damaged.flatMap(damagedLines), '', ...next(flags)] : []),
    ...(unread.length > 0 ? ['', terminal.paint('doubtful', 'NOT READ'), ...unread.flatMap(unreadLines)] : []),
    '',
    `Vault   ${vault.bucket} (${name})`,
  ];
}

const row = ({ key, bytes, result, decoded }: VerifiedAgain, terminal: Terminal): readonly Cell[] => [
  key,
  bytes === null ? '' : showBytes(bytes),
  { text: result, paint: (text) => terminal.paint(TONES[result], text) },
  decoded === null ? '' : decoded ? 'bytes and contents' : 'bytes',
];

const HASHES_ONLY = (count: number): readonly string[] =>
  wrapped(
    `Of ${count} only size, SHA-256 and CRC32 were compared: what is encrypted can be opened by nobody here, and a dump needs a pg_restore of its major version or a newer one on the PATH.`,
    '',
  );

const RECORDED = {
  written: 'It is on record now, and counts as no backup from here on.',
  exists: 'It was on record before.',
  refused:
    'That could not be written down beside it (s3:PutObject on *.damaged.json), so it goes on counting as good: let a patrol read it.',
} as const;

const damagedLines = ({ key, problem, recorded }: VerifiedAgain): readonly string[] => [
  `  ${key}`,
  ...wrapped((problem ?? '').replace(`${key}: `, ''), '    '),
  ...wrapped(RECORDED[recorded ?? 'refused'], '    '),
];

const unreadLines = ({ key, failure }: VerifiedAgain): readonly string[] => [
  `  ${key}`,
  ...wrapped(`${failure?.reason}: ${failure?.detail}`, '    '),
  ...wrapped(failure?.remedy ?? '', '    '),
];

const next = (flags: string): readonly string[] => [
  'Nothing was removed. Take another backup:',
  `  nightproof list${flags}      what else there is`,
  `  nightproof run ID${flags}    back the source up anew`,
];
