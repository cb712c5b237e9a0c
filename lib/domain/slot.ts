import { z } from 'zod';

const PATTERN = /^(\d{4})(\d{2})(\d{2})_(\d{2})(\d{2})(\d{2})$/;

/**
 * The id of a run: the instant it stands for, in UTC, as `YYYYMMDD_HHMMSS`. Sorting slots as text sorts them by time.
 * A nightly run takes it from the schedule, never from the clock, so that a late start keeps its night.
 */
export type Slot = string & { readonly __slot: unique symbol };

/** The slot of an instant; parts below a second are dropped. */
export function slotOf(instant: Date): Slot {
  const digits = instant.toISOString().replace(/[-:]/g, '');
  return `${digits.slice(0, 8)}_${digits.slice(9, 15)}` as Slot;
}

/** The instant a slot stands for. */
export function instantOf(slot: Slot): Date {
  const [, year, month, day, hour, minute, second] = PATTERN.exec(slot) as RegExpExecArray;
  return new Date(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`);
}

/** The slot a text spells, or undefined where it spells no real instant (month 13, 30 February). */
export function parseSlot(text: string): Slot | undefined {
  if (!PATTERN.test(text)) return undefined;
  const instant = instantOf(text as Slot);
  return !Number.isNaN(instant.getTime()) && slotOf(instant) === text ? (text as Slot) : undefined;
}

export const SlotText = z
  .string()
  .refine((text) => parseSlot(text) !== undefined, { error: 'must be a slot in UTC, as 20260419_020000' })
  .transform((text) => text as Slot);
