import { z } from 'zod';

const PATTERN = /^\d{8}_\d{6}$/;

/**
 * The id of a run: the instant it stands for, in UTC, as `YYYYMMDD_HHMMSS`. Sorting slots as text sorts them by time.
 * A nightly run takes it from the schedule, never from the clock, so that a late start keeps its night.
 */
export type Slot = string & { readonly __slot: unique symbol };

/** The slot of an instant; parts below a second are dropped. */
export function slotOf(instant: Date): Slot {
  const iso = instant.toISOString();
  const [date, time] = [iso.slice(0, 10), iso.slice(11, 19)];
  return `${date.replaceAll('-', '')}_${time.replaceAll(':', '')}` as Slot;
}

/** The instant a slot stands for. */
export function instantOf(slot: Slot): Date {
  // by position and not by pattern: a listing has millions of slots
  const digits = (from: number, to: number): number => Number(slot.slice(from, to));
  return new Date(Date.UTC(digits(0, 4), digits(4, 6) - 1, digits(6, 8), digits(9, 11), digits(11, 13), digits(13, 15)));
}

/** The day of a slot in UTC, as `YYYY-MM-DD`. */
export const dateOfSlot = (slot: Slot): string => `${slot.slice(0, 4)}-${slot.slice(4, 6)}-${slot.slice(6, 8)}`;

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
