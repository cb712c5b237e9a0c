import { type Slot, slotOf } from '../../lib/domain/time/slot.ts';

const MINUTE = 60_000;
const DAY = 86_400_000;
const SEARCH_STEP = 3 * DAY;

/** The simulated years, with some weeks on either side. */
const FROM = Date.UTC(2023, 10, 1);
const TO = Date.UTC(2036, 2, 1);

/** A stretch of time in which a zone's offset from UTC does not change. */
interface Stretch {
  readonly from: number;
  readonly until: number;
  readonly offset: number;
}

/** Zones whose clocks agree at every minute of the simulated years. */
export interface ZoneGroup {
  readonly zones: readonly string[];
  readonly stretches: readonly Stretch[];
}

/** All IANA zones, those with the same rules in one group. */
export function zoneGroups(): readonly ZoneGroup[] {
  const groups = new Map<string, { zones: string[]; stretches: readonly Stretch[] }>();
  for (const zone of new Set([...Intl.supportedValuesOf('timeZone'), 'UTC'])) {
    const stretches = stretchesOf(zone);
    const key = JSON.stringify(stretches);
    const group = groups.get(key) ?? { zones: [], stretches };
    group.zones.push(zone);
    groups.set(key, group);
  }
  return [...groups.values()];
}

/** Searches a zone's changes of offset to the minute. It asks for offsets, not for dates, as the code under test does. */
function stretchesOf(zone: string): readonly Stretch[] {
  const offset = offsetIn(zone);
  const stretches: Stretch[] = [];
  let from = FROM;
  let current = offset(FROM);
  for (let at = FROM; at < TO; at += SEARCH_STEP) {
    if (offset(at + SEARCH_STEP) === current) continue;
    const until = firstAt(at, at + SEARCH_STEP, (instant) => offset(instant) !== current);
    stretches.push({ from, until, offset: current });
    from = until;
    current = offset(until);
  }
  return [...stretches, { from, until: Number.POSITIVE_INFINITY, offset: current }];
}

function firstAt(low: number, high: number, holds: (instant: number) => boolean): number {
  let [no, yes] = [low, high];
  while (yes - no > MINUTE) {
    const middle = no + Math.floor((yes - no) / 2 / MINUTE) * MINUTE;
    if (holds(middle)) yes = middle;
    else no = middle;
  }
  return yes;
}

function offsetIn(zone: string): (instant: number) => number {
  const format = new Intl.DateTimeFormat('en-US', { timeZone: zone, timeZoneName: 'longOffset', hour: 'numeric' });
  return (instant) => {
    const [, sign = '+', hours = '0', minutes = '0'] = /GMT(?:([+-])(\d\d):(\d\d))?$/.exec(format.format(instant)) ?? [];
    return (sign === '-' ? -1 : 1) * (Number(hours) * 60 + Number(minutes)) * MINUTE;
  };
}

/**
 * EventBridge Scheduler's rule: the slot at a local time, given as if it were UTC; undefined where the clocks jump over it,
 * and the first one where they show it twice.
 */
export function scheduled(stretches: readonly Stretch[], localTime: number): Slot | undefined {
  const stretch = stretches.find(({ from, until, offset }) => localTime - offset >= from && localTime - offset < until);
  return stretch && slotOf(new Date(localTime - stretch.offset));
}
