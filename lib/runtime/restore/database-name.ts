/** What PostgreSQL keeps of a name. */
const NAME_BYTES = 63;

/** `shop_before_20261127_080000`; the name in front is cut where the whole would be too long. */
export function databaseName(name: string, what: 'restore' | 'before', stamp: string): string {
  const end = `_${what}_${stamp}`;
  let length = name.length;
  while (Buffer.byteLength(name.slice(0, length) + end) > NAME_BYTES) length--;
  // not through the middle of a character of two units
  if (/[\uD800-\uDBFF]$/.test(name.slice(0, length))) length--;
  return name.slice(0, length) + end;
}
