import type { Manifest } from '../../domain/backup/manifest.ts';
import type { Receipt } from '../../domain/backup/receipt.ts';
import { showBytes } from '../../domain/bytes.ts';
import { showDuration } from '../../domain/time/duration.ts';
import type { Kept } from '../list/keep-rules.ts';
import { planNameOf } from '../run/run-name.ts';
import { showInstant } from '../terminal/fields.ts';

type Fact = readonly [label: string, text: string];

/** What is known of a backup, apart from its contents. */
export function backupFacts(manifest: Manifest, kept: Kept): readonly Fact[] {
  const { slot, receipt, verification, createdAt, copiedFrom, storageClass } = manifest;
  const seconds = (Date.parse(receipt.finishedAt) - Date.parse(receipt.startedAt)) / 1000;
  const only = (label: string, text: string | undefined): readonly Fact[] => (text === undefined ? [] : [[label, text]]);
  return [
    ['Proof', proofOf(verification)],
    ['Source', sourceOf(manifest)],
    ['Slot', `${slot} (plan ${planNameOf(manifest)})`],
    ...only('Copied from', copiedFrom?.key),
    ['Kept', keptWords(kept)],
    ['Size', sizeOf(receipt)],
    ...only('Storage', storageClass),
    ['SHA-256', receipt.sha256],
    ['CRC32', receipt.crc32],
    ...only('Encrypted', encryptionOf(receipt)),
    ['Dumped', `${showInstant(new Date(receipt.startedAt))}, took ${showDuration(Math.max(0, seconds))}`],
    ['Verified', showInstant(new Date(verification.at))],
    ['Manifest', `written ${showInstant(new Date(createdAt))}`],
    ...only('Server', 'server' in receipt ? receipt.server.version : undefined),
    ['Client', `${receipt.client.version}, compression ${receipt.client.compression}`],
  ];
}

function sourceOf({ sourceId, kind, database, date }: Manifest): string {
  switch (kind) {
    case 'database':
      return `${sourceId} (database ${JSON.stringify(database)})`;
    case 'globals':
      return `${sourceId} (roles and settings of a server)`;
    case 'datedFolder':
      return `${sourceId} (the folder of ${date})`;
    case 'files':
      return `${sourceId} (files)`;
    case 'config':
      return `${sourceId} (configuration files)`;
  }
}

const keptWords = ({ rule, until, words }: Kept): string =>
  until
    ? `until ${until.toISOString().slice(0, 10)} (${rule})`
    : words === 'not known'
      ? 'by rules that are not known: the plan of its run cannot be read'
      : words;

function sizeOf(receipt: Receipt): string {
  const { bytes } = receipt;
  const exact = `${showBytes(bytes)}${bytes < 1024 ? '' : ` (${bytes} bytes)`}`;
  if (receipt.kind === 'database') return `${exact}; the database had ${showBytes(receipt.server.databaseBytes)}`;
  return receipt.kind === 'globals' ? exact : `${exact}; its files have ${showBytes(receipt.contents.bytes)}`;
}

const encryptionOf = ({ encryption }: Receipt): string | undefined =>
  encryption && `by age, to ${encryption.recipients.join(', ')}; without one of their identities nobody can read it`;

function proofOf({ readBack, tocEntries }: Manifest['verification']): string {
  const entries = tocEntries === undefined ? '' : `; ${tocEntries} entries in the archive`;
  return readBack
    ? `verified: every byte was decoded while it was made, then read back and hashed${entries}`
    : `verified: every byte was decoded while it was made; too large to be read back whole, so S3's own CRC32 stands for that${entries}`;
}
