import { type ArtifactFormat, type ArtifactName, artifactKey } from '../backup/keys.ts';
import type { Slot } from '../time/slot.ts';
import { type Source, slotOfDate } from './source.ts';

function plainFormatOf(source: Source): 'dump' | 'sql' | 'tar.gz' | 'tar.zst' {
  if (source.kind === 'database') return 'dump';
  if (source.kind === 'globals') return 'sql';
  return source.compression.startsWith('zstd') ? 'tar.zst' : 'tar.gz';
}

export const formatOf = (source: Source): ArtifactFormat =>
  source.recipients ? `${plainFormatOf(source)}.age` : plainFormatOf(source);

/** What the artifact that a source makes in a run is called, before any promotion. */
export const artifactOf = (source: Source, slot: Slot): ArtifactName =>
  source.kind === 'datedFolder'
    ? { tier: 'archive', sourceId: source.foundBy, slot: slotOfDate(source.date) as Slot, format: formatOf(source) }
    : { tier: 'daily', sourceId: source.id, slot, format: formatOf(source) };

export const artifactKeyOf = (source: Source, slot: Slot): string => artifactKey(artifactOf(source, slot));
