import { expect, it } from 'vitest';
import { instantOf, parseSlot, slotOf } from '../../../lib/domain/time/slot.ts';

it('names a run by its instant in UTC', () => {
  expect(slotOf(new Date('2026-04-19T02:00:01.999Z'))).toBe('20260419_020001');
});

it('reads a slot back to the instant it came from', () => {
  const slot = slotOf(new Date('2024-02-29T23:59:59Z'));
  expect(instantOf(slot)).toEqual(new Date('2024-02-29T23:59:59Z'));
});

it.each(['20260230_000000', '20261301_000000', '20260101_240000', '20260101-000000', '2026', ''])(
  'refuses %j, which is no instant',
  (text) => {
    expect(parseSlot(text)).toBeUndefined();
  },
);
