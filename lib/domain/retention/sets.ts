import type { Slot } from '../time/slot.ts';

/** What one attempt at a slot of a plan was asked for. */
export interface AskedSet {
  readonly slot: Slot;
  /** Ids of its sources: what its groups turned out to hold, not the groups themselves. */
  readonly sources: readonly string[];
  /** Somebody named some sources by hand. That may fill a gap in a set, but is none. */
  readonly partial?: boolean;
}

/** Says whether a source has a verified backup of a slot, in any tier. */
export type HasBackup = (sourceId: string, slot: Slot) => boolean;

/** The newest slot of one plan of which every source has a verified backup. The attempts may come in any order. */
export function newestCompleteSet(attempts: readonly AskedSet[], has: HasBackup): Slot | undefined {
  const bySlot = new Map<Slot, AskedSet[]>();
  for (const attempt of attempts) bySlot.set(attempt.slot, [...(bySlot.get(attempt.slot) ?? []), attempt]);
  return [...bySlot.keys()]
    .sort()
    .reverse()
    .find((slot) => isCompleteSet(bySlot.get(slot) ?? [], has));
}

/**
 * Whether all attempts at one slot together made a complete set. What any of them was asked for belongs to it; for a caller that
 * reads the records of one slot after the other, newest first, until it has found one.
 */
export function isCompleteSet(attempts: readonly AskedSet[], has: HasBackup): boolean {
  const asked = attempts.flatMap(({ slot, sources }) => sources.map((sourceId) => ({ sourceId, slot })));
  return asked.length > 0 && attempts.some(({ partial }) => !partial) && asked.every(({ sourceId, slot }) => has(sourceId, slot));
}
