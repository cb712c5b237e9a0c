import { manifestKey } from '../../lib/domain/backup/keys.ts';
import { instantOf, type Slot, slotOf } from '../../lib/domain/time/slot.ts';
import { type DocumentedKey, type Example, readExampleDocs } from './example-docs.ts';

const DAY_MS = 86_400_000;

export interface Night {
  readonly name: 'earlier' | 'weekday' | 'sunday';
  readonly scheduledTime: string;
  readonly slot: Slot;
}

/**
 * The newest Sunday at that hour that is over, and a weekday next to it, in order: the Monday after, else the Saturday before.
 * So neither is older than seven days, whenever this is asked.
 */
export function twoNights(hour: number, now = new Date()): readonly [Night, Night] {
  const sunday = newestSunday(hour, now);
  const monday = sunday + DAY_MS;
  return monday <= now.getTime()
    ? [nightOf('sunday', sunday), nightOf('weekday', monday)]
    : [nightOf('weekday', sunday - DAY_MS), nightOf('sunday', sunday)];
}

/** The same after the Sunday two weeks before, whose dailies no rule of seven days keeps. */
export const threeNights = (hour: number, now = new Date()): readonly [Night, Night, Night] => [
  nightOf('earlier', newestSunday(hour, now) - 14 * DAY_MS),
  ...twoNights(hour, now),
];

export const sundayOf = (nights: readonly Night[]): Night => nights.find(({ name }) => name === 'sunday') as Night;

function newestSunday(hour: number, now: Date): number {
  const ofWeek = Date.UTC(now.getUTCFullYear(), now.getUTCMonth(), now.getUTCDate(), hour) - now.getUTCDay() * DAY_MS;
  return ofWeek <= now.getTime() ? ofWeek : ofWeek - 7 * DAY_MS;
}

function nightOf(name: Night['name'], instant: number): Night {
  const time = new Date(instant);
  return { name, scheduledTime: time.toISOString(), slot: slotOf(time) };
}

/** The slot of a run by hand, by when it was started. */
export const slotStarted = ({ startDate }: { readonly startDate: Date }): Slot => slotOf(startDate);

/** What has been run so far, in order. */
export interface History {
  readonly nightly?: readonly Slot[];
  readonly media?: readonly Slot[];
  /** Slots of runs by hand, by source. */
  readonly byHand?: Readonly<Record<string, readonly Slot[]>>;
  /** Dates of folders that have been due, by group. */
  readonly folders?: Readonly<Record<string, readonly string[]>>;
}

/** The keys that docs/examples.md promises after these runs, in order: artifacts, and what lies beside them. */
export function documentedKeys(example: Example, history: History, now = new Date()): string[] {
  const rows = readExampleDocs(example).keys;
  const made = rows.flatMap((row) => madeBy(row, history));
  return made
    .filter((artifact) => isKept(artifact, made, now))
    .flatMap(({ key }) => [key, manifestKey(key), ...membersOf(key)])
    .sort();
}

interface Made {
  readonly key: string;
  readonly sourceId: string;
  readonly kept: string;
  readonly slot?: Slot;
}

function madeBy({ occasion, key, kept }: DocumentedKey, history: History): Made[] {
  const { nightly = [], media = [], byHand = {}, folders = {} } = history;
  const sourceId = key.slice(key.indexOf('/') + 1, key.search(/_YYYY/));
  const of = (slots: readonly Slot[]): Made[] =>
    slots.map((slot) => ({
      key: key.replace('YYYYMMDD', slot.slice(0, 8)).replace('HHMMSS', slot.slice(9)),
      sourceId,
      kept,
      slot,
    }));
  switch (occasion) {
    case 'every night':
      return of(nightly);
    case "Sunday's":
      return of(nightly.filter((slot) => instantOf(slot).getUTCDay() === 0));
    case "a month's first":
      return of(firstOfEach(nightly, 6));
    case "a year's first":
      return of(firstOfEach(nightly, 4));
    case 'Sundays, plan media':
      return of(media);
    case 'by hand':
      return of(byHand[sourceId] ?? []);
    case 'once':
      return (folders[sourceId] ?? []).map((date) => ({ key: key.replace('YYYY-MM-DD', date), sourceId, kept }));
  }
}

/** The first slot of those that begin alike. */
const firstOfEach = (slots: readonly Slot[], digits: number): Slot[] =>
  slots.filter((slot, n) => slots.findIndex((other) => other.slice(0, digits) === slot.slice(0, digits)) === n);

/**
 * Only rules in days can be over within the three weeks of a test. Each of the two newest nights of a source is spared in one
 * copy, and nothing is removed while the newest is older than ten days.
 */
function isKept({ sourceId, kept, slot }: Made, all: readonly Made[], now: Date): boolean {
  const [, days] = /^(\d+)d$/.exec(kept) ?? [];
  if (slot === undefined || days === undefined || ageDays(slot, now) <= Number(days)) return true;
  const ofSource = all.filter((other) => other.sourceId === sourceId);
  const newest = [...new Set(ofSource.flatMap((other) => other.slot ?? []))].sort().slice(-2);
  if (ageDays(newest.at(-1) as Slot, now) > 10) return true;
  return newest.includes(slot) && ofSource.filter((other) => other.slot === slot).length === 1;
}

const ageDays = (slot: Slot, now: Date): number => (now.getTime() - instantOf(slot).getTime()) / DAY_MS;

function membersOf(key: string): string[] {
  if (!key.includes('.tar.')) return [];
  return [`${key}.members-<sha256>.jsonl.gz${key.endsWith('.age') ? '.age' : ''}`];
}
