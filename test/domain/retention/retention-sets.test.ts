import { describe, expect, it } from 'vitest';
import { type AskedSet, isCompleteSet, newestCompleteSet } from '../../../lib/domain/retention/sets.ts';
import { type Slot, slotOf } from '../../../lib/domain/time/slot.ts';

const slotOn = (day: string): Slot => slotOf(new Date(`${day}T02:00:00Z`));
const asked = (day: string, sources: readonly string[], rest: Partial<AskedSet> = {}): AskedSet => ({
  slot: slotOn(day),
  sources,
  ...rest,
});

/** `app 2026-04-19` */
const having =
  (...held: readonly string[]) =>
  (sourceId: string, slot: Slot): boolean =>
    held.includes(`${sourceId} ${slot.slice(0, 4)}-${slot.slice(4, 6)}-${slot.slice(6, 8)}`);

describe('the newest complete set', () => {
  const nights = [asked('2026-04-19', ['app', 'media']), asked('2026-04-18', ['app', 'media']), asked('2026-04-17', ['app'])];

  it('is the newest slot of which every source has a backup', () => {
    const has = having('app 2026-04-19', 'app 2026-04-18', 'media 2026-04-18', 'app 2026-04-17');
    expect(newestCompleteSet(nights, has)).toBe(slotOn('2026-04-18'));
    expect(newestCompleteSet([...nights].reverse(), has)).toBe(slotOn('2026-04-18'));
  });

  it('goes by what that run was asked for, not by what is configured today', () => {
    expect(newestCompleteSet(nights, having('app 2026-04-19', 'app 2026-04-17'))).toBe(slotOn('2026-04-17'));
  });

  it('may be none at all', () => {
    expect(newestCompleteSet(nights, having('media 2026-04-19'))).toBeUndefined();
    expect(newestCompleteSet([], having())).toBeUndefined();
    expect(newestCompleteSet([asked('2026-04-19', [])], having())).toBeUndefined();
  });

  it('takes the attempts at one slot together: the second fills what the first has left', () => {
    const attempts = [asked('2026-04-19', ['app', 'media']), asked('2026-04-19', ['media'], { partial: true })];
    expect(newestCompleteSet(attempts, having('app 2026-04-19', 'media 2026-04-19'))).toBe(slotOn('2026-04-19'));
    expect(newestCompleteSet(attempts, having('media 2026-04-19'))).toBeUndefined();
  });

  it('is never a run of sources that somebody named by hand', () => {
    const byHand = asked('2026-04-20', ['app'], { partial: true });
    const has = having('app 2026-04-20', 'app 2026-04-18', 'media 2026-04-18');
    expect(newestCompleteSet([byHand, ...nights], has)).toBe(slotOn('2026-04-18'));
    expect(isCompleteSet([byHand], has)).toBe(false);
  });
});
