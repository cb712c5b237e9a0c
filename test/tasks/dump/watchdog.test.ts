import { beforeEach, expect, it } from 'vitest';
import type { Failure } from '../../../lib/domain/outcomes.ts';
import { Watchdog } from '../../../tasks/dump/watchdog.ts';

let now: number;
let look: (() => void) | undefined;
let stops: Failure[];
let watchdog: Watchdog;

/** Lets seconds pass, one look at a time. */
const pass = (seconds: number): void => {
  for (let i = 0; i < seconds; i++) {
    now += 1000;
    look?.();
  }
};

beforeEach(() => {
  now = 5_000_000;
  stops = [];
  const every = (_: number, callback: () => void) => {
    look = callback;
    return () => {
      look = undefined;
    };
  };
  const stop = (failure: Failure) => void stops.push(failure);
  watchdog = new Watchdog({ ticker: { now: () => now, every }, noProgressSeconds: 60, deadlineSeconds: 200, stop });
});

it('stops work that stands still', () => {
  pass(59);
  expect(stops).toEqual([]);
  pass(1);
  expect(stops).toMatchObject([{ reason: 'timeout', message: 'no byte moved for 60 s (limits.noProgress)' }]);
});

it('lets work go on that moves', () => {
  for (let i = 0; i < 3; i++) {
    pass(59);
    watchdog.progress();
  }
  expect(stops).toEqual([]);
});

it('stops work that moves and does not end', () => {
  for (let i = 0; i < 10; i++) {
    pass(30);
    watchdog.progress();
  }
  expect(stops).toMatchObject([{ reason: 'timeout', message: 'not done after 200 s (limits.deadline)' }]);
});

it('looks no more once it was ended', () => {
  watchdog.end();
  pass(1000);
  expect(stops).toEqual([]);
});
