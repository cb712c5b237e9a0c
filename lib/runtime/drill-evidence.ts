import { DRILLS_PREFIX, evidencePrefix, parseEvidenceKey } from '../domain/backup/operation-keys.ts';
import type { Slot } from '../domain/time/slot.ts';
import type { Vault } from './vault.ts';

/** When backups were drilled, newest first, by their stems. */
export type DrillTimes = ReadonlyMap<string, readonly Slot[]>;

/** The times of all drills in a vault: one listing, no evidence is read. `sourceId`: of this source, and of those whose ids begin alike. */
export const drillTimes = (vault: Vault, sourceId?: string): Promise<DrillTimes> =>
  timesUnder(vault, sourceId === undefined ? DRILLS_PREFIX : `${DRILLS_PREFIX}${sourceId}_`);

/** The times of the drills of one backup, newest first. */
export async function drillTimesOf(vault: Vault, stem: string): Promise<readonly Slot[]> {
  return (await timesUnder(vault, evidencePrefix(stem))).get(stem) ?? [];
}

async function timesUnder(vault: Vault, prefix: string): Promise<DrillTimes> {
  const times = new Map<string, Slot[]>();
  for await (const { key } of vault.list(prefix)) {
    const found = parseEvidenceKey(key);
    if (!found) continue;
    const known = times.get(found.stem);
    // listed from old to new
    if (known) known.unshift(found.at);
    else times.set(found.stem, [found.at]);
  }
  return times;
}
