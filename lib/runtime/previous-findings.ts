import { RUNS_PREFIX } from '../domain/backup/keys.ts';
import { GroupFindings } from '../domain/source/found.ts';
import { instantOf, type Slot } from '../domain/time/slot.ts';
import type { Vault } from './vault.ts';

/** A group that no run has looked into for longer has no run before. */
const MONTHS_BACK = 3;

/** What the newest run before this slot found in a group; undefined where there is none. */
export async function previousFindings(vault: Vault, groupId: string, slot: Slot): Promise<GroupFindings | undefined> {
  for (const prefix of monthsFrom(slot)) {
    let newest: string | undefined;
    for await (const { key } of vault.list(prefix)) if (isBefore(key, groupId, slot)) newest = key;
    if (newest !== undefined) return vault.readJson(newest, GroupFindings);
  }
  return undefined;
}

function isBefore(key: string, groupId: string, slot: Slot): boolean {
  const [, at = '', id = ''] = /^runs\/\d{4}\/\d{2}\/(\d{8}_\d{6})[^/]*\/([^/.]+)\.found(?:\.\d+)?\.json$/.exec(key) ?? [];
  return id === groupId && at < slot;
}

function monthsFrom(slot: Slot): readonly string[] {
  const start = instantOf(slot);
  return Array.from({ length: MONTHS_BACK }, (_, back) => {
    const month = new Date(Date.UTC(start.getUTCFullYear(), start.getUTCMonth() - back, 1)).toISOString();
    return `${RUNS_PREFIX}${month.slice(0, 4)}/${month.slice(5, 7)}/`;
  });
}
