/** How many turns it takes until every backup was read once. */
export const turnsOf = (sharePercent: number): number => Math.ceil(100 / sharePercent);

/**
 * The keys whose turn it is, in order. A key's turn follows from the key alone, so that whatever is added or removed in between,
 * each backup is read once in every `turnsOf(sharePercent)` turns in a row. `turn`: any whole number, one more each time.
 */
export function patrolShare(keys: readonly string[], sharePercent: number, turn: number): readonly string[] {
  const turns = turnsOf(sharePercent);
  const now = ((turn % turns) + turns) % turns;
  return keys.filter((key) => hashOf(key) % turns === now).sort();
}

const FNV_OFFSET = 0x811c9dc5;
const FNV_PRIME = 0x01000193;

/** FNV-1a of 32 bits, stirred at the end: keys that differ only in their slots share most bits without it. */
function hashOf(text: string): number {
  let hash = FNV_OFFSET;
  for (const byte of Buffer.from(text)) hash = Math.imul(hash ^ byte, FNV_PRIME);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}
