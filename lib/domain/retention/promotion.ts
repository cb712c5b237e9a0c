import { PROMOTED_TIERS, type PromotedTier } from '../backup/tiers.ts';
import { WEEKDAYS, type Weekday } from '../config/config.ts';
import type { Keep } from '../source/source.ts';
import {
  dateOf,
  dayAfter,
  type LocalDate,
  localDate,
  mondayOf,
  monthLabel,
  slotDate,
  weekdayIndex,
  weekdayOf,
  weekLabel,
  weekNumber,
  yearLabel,
} from '../time/calendar.ts';
import { instantOf, type Slot } from '../time/slot.ts';
import { cutoff } from './cutoff.ts';
import { type KeepRule, parseKeepRule } from './keep-rule.ts';

export interface PromotionInput {
  /** The slot just verified. */
  readonly slot: Slot;
  readonly timeZone: string;
  readonly weeklyDay: Weekday;
  /** Only tiers named here get copies. */
  readonly keep: Keep;
  /** Verified dailies of the source that are in the vault. The current slot counts whether it is among them or not. */
  readonly dailies: readonly Slot[];
  /** Verified copies of the source, by tier. */
  readonly copies: Partial<Record<PromotedTier, readonly Slot[]>>;
}

/** One copy to make: the daily of slot `from`, under the same base name in `tier`. */
export interface Promotion {
  readonly tier: PromotedTier;
  /** `2026-W17`, `2026-04`, `2026` */
  readonly period: string;
  readonly from: Slot;
  readonly reason: string;
}

/** A slot and the day it stands for in the plan's zone. */
interface Day {
  readonly slot: Slot;
  readonly date: LocalDate;
}

/** What one tier has, and how far back its rule keeps copies. */
interface Shelf {
  readonly rule: KeepRule;
  readonly timeZone: string;
  /** The newest daily: the present, as far as the vault knows it. */
  readonly newest: Slot;
  readonly copies: readonly Day[];
}

/**
 * Decides which verified dailies of one source are copied up, at most one for each week, month and year.
 *
 * It asks what a period has, not which day it is: daylight saving skips runs, mostly on Sundays, and runs fail.
 * A month or year that has no copy gets the current slot. A week gets the backup of `weeklyDay` or the first after it;
 * in a week that is over, which only a slot of a later week can tell, the last before it is good enough.
 *
 * A period whose copy retention may have removed already is left alone, else each night would bring it back.
 */
export function planPromotions(input: PromotionInput): readonly Promotion[] {
  const dailies = dailiesOf(input);
  return PROMOTED_TIERS.flatMap((tier) => {
    const shelf = shelfOf(tier, input, dailies);
    if (!shelf) return [];
    return tier === 'weekly' ? weekly(dailies, input.weeklyDay, shelf) : firstOfPeriod(tier, input.slot, shelf);
  });
}

/** The dailies in order of time, the current one among them. */
function dailiesOf({ slot, dailies, timeZone }: PromotionInput): readonly Day[] {
  const slots = dailies.includes(slot) ? [...dailies] : [...dailies, slot];
  return daysOf(slots.sort(), timeZone);
}

const daysOf = (slots: readonly Slot[], timeZone: string): Day[] =>
  slots.map((slot) => ({ slot, date: slotDate(slot, timeZone) }));

function shelfOf(tier: PromotedTier, input: PromotionInput, dailies: readonly Day[]): Shelf | undefined {
  const { keep, timeZone, copies } = input;
  const written = keep[tier];
  const rule = written === undefined ? undefined : parseKeepRule(written);
  const newest = dailies.at(-1)?.slot ?? input.slot;
  return rule && { rule, timeZone, newest, copies: daysOf(copies[tier] ?? [], timeZone) };
}

function firstOfPeriod(tier: 'monthly' | 'yearly', slot: Slot, shelf: Shelf): Promotion[] {
  const label = tier === 'monthly' ? monthLabel : yearLabel;
  const date = slotDate(slot, shelf.timeZone);
  const period = label(date);
  if (shelf.copies.some((copy) => label(copy.date) === period)) return [];

  const opened = dateOf(date.year, tier === 'monthly' ? date.month : 1, 1);
  if (!inReach(slot, opened, shelf)) return [];
  return [{ tier, period, from: slot, reason: `the first good backup of ${period}` }];
}

function weekly(dailies: readonly Day[], weeklyDay: Weekday, shelf: Shelf): Promotion[] {
  const taken = new Set(shelf.copies.map(({ date }) => weekNumber(date)));
  const thisWeek = weekNumber(slotDate(shelf.newest, shelf.timeZone));
  const copies = [...shelf.copies];
  const promotions: Promotion[] = [];

  // The newest week first, so that a rule by count knows the newer copies when it judges an older week.
  for (const [week, days] of newestWeekFirst(dailies)) {
    const chosen = taken.has(week) ? undefined : choose(days, weeklyDay, week < thisWeek);
    if (!chosen || !inReach(chosen.slot, dayOfWeek(week, weeklyDay), { ...shelf, copies })) continue;
    copies.push(chosen);
    promotions.push({ tier: 'weekly', period: weekLabel(week), from: chosen.slot, reason: weeklyReason(chosen, weeklyDay) });
  }
  return promotions.reverse();
}

function newestWeekFirst(dailies: readonly Day[]): readonly (readonly [number, readonly Day[]])[] {
  const weeks = new Map<number, Day[]>();
  for (const day of dailies) {
    const week = weekNumber(day.date);
    const days = weeks.get(week);
    if (days) days.push(day);
    else weeks.set(week, [day]);
  }
  return [...weeks].sort(([a], [b]) => b - a);
}

/** The first backup on the weekly day or after it; in a week that is over also the last before it. */
function choose(days: readonly Day[], weeklyDay: Weekday, over: boolean): Day | undefined {
  const wanted = WEEKDAYS.indexOf(weeklyDay);
  return days.find(({ date }) => weekdayIndex(date) >= wanted) ?? (over ? days.at(-1) : undefined);
}

const dayOfWeek = (week: number, weekday: Weekday): LocalDate => dayAfter(mondayOf(week), WEEKDAYS.indexOf(weekday));

function weeklyReason({ date }: Day, weeklyDay: Weekday): string {
  const day = weekdayOf(date);
  const week = weekLabel(weekNumber(date));
  if (day === weeklyDay) return `the ${day} of ${week}`;
  const order = weekdayIndex(date) > WEEKDAYS.indexOf(weeklyDay) ? 'first after' : 'last before';
  return `${week} has no good backup of ${weeklyDay}: ${day} is the ${order} it`;
}

/**
 * Whether a copy would be kept, and no earlier copy of its period can have been removed already.
 *
 * By age: such a copy was on `nominal` or later, and is still there while that day is within the rule; or it was the last
 * one before, and what is left of the period now is no younger. By count: those that pushed it out are still there.
 */
function inReach(slot: Slot, nominal: LocalDate, { rule, timeZone, newest, copies }: Shelf): boolean {
  if (rule.by === 'forever') return true;
  if (rule.by === 'count') return copies.filter((copy) => copy.slot > slot).length < rule.count;
  const limit = cutoff(rule, instantOf(newest));
  return instantOf(slot) >= limit && nominal.number > localDate(limit, timeZone).number;
}
