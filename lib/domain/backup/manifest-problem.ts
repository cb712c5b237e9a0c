import { dateOfSlot } from '../time/slot.ts';
import { type ArtifactName, artifactKey, membersPrefix, parseArtifactKey, tryPrefix } from './keys.ts';
import type { Manifest } from './manifest.ts';

/** Where a manifest contradicts the key it lies beside, or itself, in words; undefined where all of it agrees. */
export function manifestProblem(manifest: Manifest, key: string): string | undefined {
  const name = parseArtifactKey(key);
  if (name?.part !== 'artifact') return `${key} is no key that nightproof writes`;
  const [wrong] = statements(manifest, name, key).filter(({ holds }) => !holds);
  return wrong && `its manifest ${wrong.says}`;
}

interface Statement {
  readonly holds: boolean;
  /** What the manifest does where it does not hold. */
  readonly says: string;
}

function statements(manifest: Manifest, name: ArtifactName, key: string): readonly Statement[] {
  const { receipt, verification } = manifest;
  const dated = name.tier === 'archive';
  const origin = artifactKey({ ...name, tier: dated ? 'archive' : 'daily' });
  const id = dated ? `${name.sourceId}_${dateOfSlot(name.slot)}` : name.sourceId;
  const must = (holds: boolean, says: string): Statement => ({ holds, says });
  return [
    must(manifest.key === key, `speaks of another object, ${manifest.key}`),
    must(manifest.tier === name.tier, `says tier ${manifest.tier}`),
    must(manifest.sourceId === name.sourceId, `says source ${manifest.sourceId}`),
    must(dated ? manifest.date === dateOfSlot(name.slot) : manifest.slot === name.slot, 'says another slot or date'),
    must(dated === (manifest.date !== undefined), 'has a date where none belongs, or lacks one'),
    must(manifest.kind === receipt.kind, `says ${manifest.kind}, and its receipt ${receipt.kind}`),
    must((manifest.database !== undefined) === (receipt.kind === 'database'), 'names a database where none belongs, or none'),
    must(name.format === formatOf(manifest, name), `is about ${formatOf(manifest, name)}`),
    must(receipt.key === origin, `has the receipt of ${receipt.key}`),
    must(receipt.slot === manifest.slot, `has a receipt of slot ${receipt.slot}`),
    must(receipt.sourceId === id, `has a receipt of source ${receipt.sourceId}`),
    must(sameBytes(receipt, verification), 'has a receipt and a verification of different bytes'),
    must(verification.tryKey.startsWith(tryPrefix(receipt.slot, receipt.sourceId)), `names ${verification.tryKey}`),
    must((verification.tocEntries !== undefined) === isOpenDump(manifest), 'counts entries of what is no dump, or none of one'),
    must(manifest.copiedFrom?.key === (name.tier === 'daily' || dated ? undefined : origin), 'says that it is another copy'),
    must(membersBelong(manifest), 'names a list of members that is not beside its artifact'),
  ];
}

function formatOf({ receipt }: Manifest, { format }: ArtifactName): string {
  const age = receipt.encryption ? '.age' : '';
  if (receipt.kind === 'database') return `dump${age}`;
  if (receipt.kind === 'globals') return `sql${age}`;
  // a receipt says how strongly it is packed, the key how it is unpacked
  return `${receipt.client.compression.startsWith('zstd') ? 'tar.zst' : 'tar.gz'}${age}` === format ? format : `tar${age}`;
}

const sameBytes = (
  a: Pick<Manifest['receipt'], 'bytes' | 'sha256' | 'crc32'>,
  b: Pick<Manifest['verification'], 'bytes' | 'sha256' | 'crc32'>,
): boolean => a.bytes === b.bytes && a.sha256 === b.sha256 && a.crc32 === b.crc32;

const isOpenDump = ({ receipt }: Manifest): boolean => receipt.kind === 'database' && receipt.encryption === undefined;

const membersBelong = ({ receipt }: Manifest): boolean =>
  receipt.kind === 'database' ||
  receipt.kind === 'globals' ||
  receipt.contents.members.key.startsWith(membersPrefix(receipt.key));
