import { showBytes } from '../bytes.ts';
import type { Slot } from '../time/slot.ts';

/** Smaller backups come and go by half for no reason that anybody needs to know. */
const SMALLEST_BYTES = 1_000_000;

/** A backup of less than this share of the one before is worth a look. */
const SHARE = 0.5;

/** A backup whose size surprises: it is good, but of something that has shrunk. Undefined where it does not. */
export function sizeWarning(bytes: number, before: { readonly slot: Slot; readonly bytes: number }): string | undefined {
  if (before.bytes < SMALLEST_BYTES || bytes >= before.bytes * SHARE) return undefined;
  return `it has ${showBytes(bytes)}, and the one of ${before.slot} had ${showBytes(before.bytes)}: see whether something is missing in the source`;
}
