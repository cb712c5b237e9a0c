import { createHash } from 'node:crypto';
import { crc32 } from 'node:zlib';
import { manifestKey, parseArtifactKey } from '../../lib/domain/backup/keys.ts';
import { type Manifest, memberListOf } from '../../lib/domain/backup/manifest.ts';
import { BYTE_DAMAGES, type ByteDamage, damageBytes } from './byte-damage.ts';
import type { Corpus, CorpusBackup } from './corpus-backups.ts';
import { CorpusVault } from './corpus-vault.ts';
import { damageJson } from './json-damage.ts';
import { SeededRandom } from './seeded-random.ts';

/** Damage to the bytes of an artifact, which can be hidden in ways that other damage cannot. */
const ARTIFACT_DAMAGES = [...(Object.keys(BYTE_DAMAGES) as ByteDamage[]), 'wrong object', 'old dump, new manifest'] as const;
type ArtifactDamage = (typeof ARTIFACT_DAMAGES)[number];

const OTHER_DAMAGES = [
  'object gone',
  'manifest of another round',
  'manifest rewritten',
  'manifest rotten',
  'list of members damaged',
  'list of members gone',
  'list of members of another round',
] as const;

type OtherDamage = (typeof OTHER_DAMAGES)[number];

export type DamageKind = ArtifactDamage | OtherDamage;
export const DAMAGE_KINDS: readonly DamageKind[] = [...ARTIFACT_DAMAGES, ...OTHER_DAMAGES];

/**
 * What conceals the damage. `nothing`: the store knows the new bytes. `store`: it believes to hold the old ones. `records`: manifest
 * and receipt were made to agree in size, SHA-256 and CRC32, so that only what the bytes hold can give it away.
 */
export type Concealment = 'nothing' | 'store' | 'records';

export interface DamageCase {
  readonly kind: DamageKind;
  readonly concealed: Concealment;
  readonly backup: CorpusBackup;
  readonly vault: CorpusVault;
  /** What lies under the key of the artifact now. */
  readonly body: Buffer | undefined;
}

/** A damaged backup in a vault of its own: for the same seed and corpus the same. */
export async function damageCase(corpus: Corpus, seed: number): Promise<DamageCase> {
  const random = new SeededRandom(seed);
  const kind = random.pick(DAMAGE_KINDS);
  const backup = random.pick(corpus.backups.filter((one) => fits(kind, one, corpus)));
  const vault = new CorpusVault(backup.objects, random);
  const made = { kind, backup, vault };
  if (!isArtifactDamage(kind)) {
    await damageBeside({ ...made, kind }, corpus, random);
    return { ...made, concealed: kind === 'manifest rotten' ? 'store' : 'nothing', body: original(backup) };
  }
  const body = damagedArtifact(kind, backup, corpus, random);
  const concealed = random.pick<Concealment>(tellsByContents(backup) ? ['nothing', 'store', 'records'] : ['nothing', 'store']);
  if (concealed === 'store') await vault.rot(backup.key, body);
  else vault.put(backup.key, body);
  if (concealed === 'records') agree(vault, backup, body);
  return { ...made, concealed, body };
}

interface Damaging {
  readonly kind: OtherDamage;
  readonly backup: CorpusBackup;
  readonly vault: CorpusVault;
}

const isArtifactDamage = (kind: DamageKind): kind is ArtifactDamage => (ARTIFACT_DAMAGES as readonly string[]).includes(kind);

/** Of encrypted bytes nobody here knows what they hold, and of the script of roles only counts are kept. */
const tellsByContents = ({ manifest: { receipt } }: CorpusBackup): boolean =>
  receipt.encryption === undefined && receipt.kind !== 'globals';

function fits(kind: DamageKind, backup: CorpusBackup, corpus: Corpus): boolean {
  if (kind.startsWith('list of members') && memberListOf(backup.manifest) === undefined) return false;
  const swaps = kind.includes('round') || kind === 'old dump, new manifest';
  return !swaps || twins(backup, corpus).length > 0;
}

/** The same source in the same tier, of other rounds. */
const twins = ({ key, format }: CorpusBackup, { backups }: Corpus): readonly CorpusBackup[] =>
  backups.filter((one) => one.format === format && one.key !== key && tierOf(one.key) === tierOf(key));

const tierOf = (key: string) => parseArtifactKey(key)?.tier;

export const original = ({ key, objects }: CorpusBackup): Buffer => objects.get(key) as Buffer;

function damagedArtifact(kind: ArtifactDamage, backup: CorpusBackup, corpus: Corpus, random: SeededRandom): Buffer {
  const body = original(backup);
  if (kind === 'wrong object') return random.pick(corpus.backups.map(original).filter((one) => !one.equals(body)));
  if (kind === 'old dump, new manifest') return original(random.pick(twins(backup, corpus)));
  return damageBytes(kind, body, random);
}

/** What may be changed without anybody being able to tell: nothing else speaks of it, and no restore asks for it. */
const UNTELLABLE: ReadonlySet<string> = new Set([
  'version',
  'database',
  'createdAt',
  'verification.at',
  'verification.readBack',
  'verification.versionId',
  'copiedFrom.versionId',
]);

async function damageBeside({ kind, backup, vault }: Damaging, corpus: Corpus, random: SeededRandom): Promise<void> {
  const manifest = manifestKey(backup.key);
  const list = memberListOf(backup.manifest) ?? '';
  const objectOf = (key: string): Buffer => backup.objects.get(key) as Buffer;
  switch (kind) {
    case 'object gone':
      await vault.remove([backup.key]);
      return;
    case 'manifest of another round': {
      const twin = random.pick(twins(backup, corpus));
      vault.put(manifest, twin.objects.get(manifestKey(twin.key)) as Buffer);
      return;
    }
    case 'manifest rewritten':
      vault.put(manifest, damageJson(backup.manifest, UNTELLABLE, random) as object);
      return;
    case 'manifest rotten':
      await vault.rot(manifest, damageBytes(random.pick(Object.keys(BYTE_DAMAGES) as ByteDamage[]), objectOf(manifest), random));
      return;
    case 'list of members damaged':
      vault.put(list, damageBytes(random.pick(Object.keys(BYTE_DAMAGES) as ByteDamage[]), objectOf(list), random));
      return;
    case 'list of members gone':
      await vault.remove([list]);
      return;
    case 'list of members of another round': {
      const twin = random.pick(twins(backup, corpus));
      vault.put(list, twin.objects.get(memberListOf(twin.manifest) ?? '') as Buffer);
    }
  }
}

/** Has manifest, verification and the task's own record say that these bytes are the ones that were sent. */
function agree(vault: CorpusVault, { key, manifest }: CorpusBackup, body: Buffer): void {
  const { receipt, verification } = manifest;
  const bytes = {
    bytes: body.length,
    sha256: createHash('sha256').update(body).digest('hex'),
    crc32: crc32(body).toString(16).padStart(8, '0'),
  };
  const made = { ...receipt, ...bytes };
  vault.put(manifestKey(key), { ...manifest, receipt: made, verification: { ...verification, ...bytes } } satisfies Manifest);
  vault.put(verification.tryKey, { result: 'receipt', receipt: made });
}
