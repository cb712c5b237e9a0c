import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { chooseKeys, readPatrolRequest, turnAt } from '../../../lib/domain/patrol/choose-keys.ts';
import { parseShare } from '../../../lib/domain/patrol/parse-share.ts';
import { patrolShare, turnsOf } from '../../../lib/domain/patrol/share.ts';
import { InputRefused } from '../../../lib/domain/run/refused-input.ts';

const KEYS = Array.from({ length: 2000 }, (_, n) => {
  const day = new Date(Date.UTC(2021, 0, 1 + n)).toISOString().slice(0, 10).replaceAll('-', '');
  return `daily/app_${day}_020000.dump`;
});

describe('a share of all backups', () => {
  it('has every backup once in so many turns, wherever those begin', () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.string()), fc.integer({ min: 1, max: 100 }), fc.integer(), (keys, percent, first) => {
        const turns = Array.from({ length: turnsOf(percent) }, (_, n) => patrolShare(keys, percent, first + n));
        expect(turns.flat().sort()).toEqual([...keys].sort());
      }),
    );
  });

  it('has each backup that stays once, whatever is added and removed in between', () => {
    const change = fc.record({ added: fc.array(fc.string()), removed: fc.array(fc.string()) });
    fc.assert(
      fc.property(fc.uniqueArray(fc.string(), { minLength: 1 }), fc.array(change), fc.nat(), (stay, changes, first) => {
        const read: string[] = [];
        const passing = new Set<string>();
        for (let turn = 0; turn < turnsOf(5); turn++) {
          for (const key of changes[turn]?.added ?? []) passing.add(key);
          for (const key of changes[turn]?.removed ?? []) passing.delete(key);
          read.push(...patrolShare([...new Set([...stay, ...passing])], 5, first + turn));
        }
        for (const key of stay) expect(read.filter((one) => one === key)).toHaveLength(1);
      }),
    );
  });

  it('is about as large each time as it says, also where keys differ in nothing but their dates', () => {
    for (let turn = 0; turn < 20; turn++) {
      const { length } = patrolShare(KEYS, 5, turn);
      expect(length).toBeGreaterThan(60);
      expect(length).toBeLessThan(145);
    }
  });

  it.each([
    ['1%', 1],
    ['5%', 5],
    ['100%', 100],
    ['0%', undefined],
    ['101%', undefined],
    ['5', undefined],
    ['5.5%', undefined],
  ])('is written as %s', (text, percent) => {
    expect(parseShare(text)).toBe(percent);
  });
});

describe('what a patrol reads', () => {
  const usual = { share: '5%', at: new Date('2026-11-27T08:00:00Z') };

  it('is the share of the month that its schedule names, however late it starts', () => {
    const chosen = chooseKeys({ scheduledTime: '2026-10-01T06:00:00Z' }, KEYS, usual);
    const turn = turnAt(new Date('2026-10-31T23:59:59Z'));
    expect(chosen).toEqual({ share: '5%', of: 2000, keys: patrolShare(KEYS, 5, turn) });
    expect(turnAt(new Date('2026-11-01T00:00:00Z'))).toBe(turn + 1);
    expect(turnAt(new Date('2027-01-01T00:00:00Z')) - turnAt(new Date('2026-12-31T00:00:00Z'))).toBe(1);
  });

  it('is the share that somebody asks for, or the backups that he names, each once', () => {
    expect(chooseKeys({ share: '100%' }, KEYS, usual)).toEqual({ share: '100%', of: 2000, keys: [...KEYS].sort() });
    const keys = [KEYS[7] as string, KEYS[3] as string, KEYS[7] as string];
    expect(chooseKeys({ keys }, KEYS, usual)).toEqual({ of: 2000, keys: [KEYS[7], KEYS[3]] });
  });

  it.each([
    [{}],
    [{ keys: [] }],
    [{ share: '5' }],
    [{ share: '5%', keys: ['daily/app_20260419_020000.dump'] }],
    [{ keys: ['runs/2026/04/20260419_020000.json'] }],
    [{ keys: ['daily/app_20260419_020000.dump.manifest.json'] }],
    ['5%'],
  ])('is refused where it is asked for as %j', (input) => {
    expect(() => readPatrolRequest(input)).toThrow(InputRefused);
  });
});
